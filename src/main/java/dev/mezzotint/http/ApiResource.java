package dev.mezzotint.http;

import dev.mezzotint.board.BoardJob.State;
import dev.mezzotint.json.JsonObject;
import io.quarkus.smallrye.openapi.OpenApiFilter;
import io.quarkus.smallrye.openapi.runtime.OpenApiDocumentService;
import io.smallrye.openapi.runtime.io.Format;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.OpenAPIDefinition;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.enums.SecuritySchemeType;
import org.eclipse.microprofile.openapi.annotations.info.Info;
import org.eclipse.microprofile.openapi.annotations.info.License;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.security.SecurityScheme;
import org.eclipse.microprofile.openapi.annotations.servers.Server;

/** Describes the REST front and this worker. */
@OpenAPIDefinition(
    info =
        @Info(
            title = "Mezzotint", // as in application.properties, which decides
            version = "1",
            description = "Requests, jobs and results of a Mezzotint system over HTTP.",
            license = @License(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers = @Server(url = "..", description = "Relative to this document"))
@SecurityScheme(securitySchemeName = "token", type = SecuritySchemeType.HTTP, scheme = "bearer")
@Singleton
@Path("/api")
@Produces(MediaType.APPLICATION_JSON)
public final class ApiResource {
  private final RunningFront front;
  private final OpenApiDocumentService documents;

  /**
   * Routes of the front, as in its OpenAPI document, and states of jobs.
   *
   * @param links addresses of the document, and of a page that shows it
   */
  record Routes(List<String> routes, List<String> states, Map<String, String> links) {}

  record ModelList(List<ModelCatalog.Model> models) {}

  ApiResource(RunningFront front, OpenApiDocumentService documents) {
    this.front = front;
    this.documents = documents;
  }

  @GET
  @Operation(operationId = "routes", summary = "Lists the routes of this front")
  public Routes routes() {
    List<String> routes = new ArrayList<>();
    JsonObject paths = JsonObject.parse(document()).object("paths").orElseThrow();
    for (String path : paths.names()) {
      for (String method : paths.object(path).orElseThrow().names()) {
        routes.add(method.toUpperCase(Locale.ROOT) + " " + path);
      }
    }
    Map<String, String> links = new LinkedHashMap<>();
    links.put("openapi", JobFiles.address("/api/openapi.json"));
    links.put("documentation", JobFiles.address("/q/swagger-ui/"));
    return new Routes(routes, State.WORDS, links);
  }

  @GET
  @Path("openapi.json")
  @Operation(operationId = "openapi", summary = "Sends this document")
  public byte[] document() {
    return documents.getDocument(OpenApiFilter.DEFAULT_DOCUMENT_NAME, Format.JSON);
  }

  @GET
  @Path("models")
  @Operation(operationId = "listModels", summary = "Lists the models that requests may name")
  public ModelList models() {
    return new ModelList(front.get().catalog().models());
  }

  @GET
  @Path("models/{reference}/samples")
  @Produces("image/png")
  @Operation(operationId = "getModelSamples", summary = "Sends an image of what a model draws")
  @APIResponse(
      responseCode = "200",
      description = "The image",
      content =
          @Content(
              mediaType = "image/png",
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  public Response samples(
      @Parameter(description = "The model's name@version") @PathParam("reference")
          String reference) {
    byte[] image =
        front
            .get()
            .catalog()
            .samples(reference)
            .orElseThrow(
                () -> RefusedException.of(404, "reference", "there is no image of this model"));
    return Response.ok(image)
        .header(HttpHeaders.CONTENT_TYPE, "image/png")
        .header(HttpHeaders.CACHE_CONTROL, "private, max-age=3600")
        .build();
  }

  @GET
  @Path("figures")
  @Operation(
      operationId = "figures",
      summary = "Shows passes, rows and step time of this worker since its start",
      description = "Empty without the role generation.")
  public Map<String, Object> metrics() {
    return front.get().metrics().get();
  }
}
