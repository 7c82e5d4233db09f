package dev.mezzotint.http;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Keys;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;

/** Brings inputs of requests into the store, as the command {@code put} does. */
@Singleton
@Path("/api/uploads")
@Produces(MediaType.APPLICATION_JSON)
public final class UploadsResource {
  private static final String PREFIX = "/api/uploads/";

  private final RunningFront running;
  private final ConnectionLimits limits;

  /** The stored object: as a whole, a reference that requests may contain. */
  record Uploaded(String key, long size, String sha256) {}

  UploadsResource(RunningFront running, ConnectionLimits limits) {
    this.running = running;
    this.limits = limits;
  }

  @PUT
  @Path("{key: .+}")
  @Operation(
      operationId = "upload",
      summary = "Stores a condition image, a zip or a data set under a key for requests to name",
      description =
          "An existing object is replaced. The answer is a reference as requests contain it. At"
              + " most MEZZOTINT_UPLOAD_MEGABYTES.")
  @RequestBody(
      required = true,
      content =
          @Content(
              mediaType = "*/*",
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  @APIResponse(
      responseCode = "201",
      description = "The object is stored",
      content = @Content(schema = @Schema(implementation = Uploaded.class)))
  public Response upload(
      @Parameter(
              description = "Key of the object, such as clips/lap.zip; not in jobs/ or models/",
              schema = @Schema(type = SchemaType.STRING, minLength = 1, maxLength = 1024))
          @PathParam("key")
          String ignored,
      InputStream body,
      @Context RoutingContext call)
      throws IOException {
    HttpFront front = running.get();
    long bytesMax = front.settings().uploadBytesMax();
    if (bytesMax == 0) {
      throw new NotFoundException();
    }
    String key = JobFiles.decoded(call, PREFIX);
    check(key);
    java.nio.file.Path file = Files.createTempFile("mezzotint-upload", "");
    try {
      ConnectionLimits.Received received = limits.receive(call, body, file, bytesMax);
      front.store().upload(key, file, key.endsWith(".png") ? ContentType.PNG : ContentType.BINARY);
      return Response.status(Response.Status.CREATED)
          .entity(new Uploaded(key, received.bytes(), received.sha256()))
          .build();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static void check(String key) {
    if (!Keys.isValidKey(key) || key.endsWith("/")) {
      throw new InvalidInputException(
          "key", "the key of an upload " + Keys.KEY_RULE + ", and without a '/' at its end");
    }
    if (key.startsWith(Keys.JOBS) || key.startsWith(Keys.MODELS)) {
      throw new InvalidInputException(
          "key", "the key must not begin with jobs/ or models/, where results are kept");
    }
  }
}
