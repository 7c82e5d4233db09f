package dev.mezzotint.http;

import dev.mezzotint.job.JobId;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jspecify.annotations.Nullable;

/** What belongs to a job as a whole: its request, its conditions, all of its files in one zip. */
@Singleton
@Path("/api/jobs")
public final class JobDownloadsResource {
  private static final String ID = "{id: " + JobId.RULE + "}";

  /** The first bytes of images that browsers show, one for each char. */
  private static final Map<String, String> IMAGES =
      Map.of("\u0089PNG", "image/png", "\u00FF\u00D8\u00FF", "image/jpeg", "RIFF", "image/webp");

  private static final int START_BYTES = 4;

  private final RunningFront running;
  private final ConnectionLimits limits;

  JobDownloadsResource(RunningFront running, ConnectionLimits limits) {
    this.running = running;
    this.limits = limits;
  }

  @GET
  @Path(ID + "/request")
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(
      operationId = "getRequest",
      summary = "Shows the whole request of a job, as it is in its topic")
  @APIResponse(
      responseCode = "200",
      description = "The request",
      content = @Content(schema = @Schema(ref = "JobRequest")))
  public byte[] request(@PathParam("id") String id) {
    return running
        .get()
        .requests()
        .apply(id)
        .orElseThrow(
            () ->
                RefusedException.of(
                    404, "id", "the request of job " + id + " is not in its topic"));
  }

  @GET
  @Path(ID + "/archive")
  @Produces("application/zip")
  @Operation(
      operationId = "getArchive",
      summary = "Sends all files of a job that has ended as a zip",
      description = "Images, grid, sheet, clip, manifest; of a training its samples and losses.")
  @APIResponse(
      responseCode = "200",
      description = "The zip",
      content =
          @Content(
              mediaType = "application/zip",
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  public Response archive(@PathParam("id") String id, @Context RoutingContext call) {
    JobArchive archive = JobFiles.archive(id, running.get());
    limits.send(call, archive.length());
    boolean head = call.request().method().name().equals("HEAD");
    return Response.ok(head ? new byte[0] : archive)
        .header(HttpHeaders.CONTENT_LENGTH, archive.length())
        .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"" + id + ".zip\"")
        .build();
  }

  @GET
  @Path(ID + "/conditions/{name: .+}")
  @Produces(MediaType.WILDCARD)
  @Operation(
      operationId = "getCondition",
      summary = "Sends the condition of an image",
      description = "The file that the request references or holds, if it is an image.")
  @APIResponse(
      responseCode = "200",
      description = "The image",
      content =
          @Content(
              mediaType = "image/*",
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  public Response condition(
      @PathParam("id") String id,
      @Parameter(
              description =
                  "The 'condition' of an image in /results, with or without its extension; or the"
                      + " number of the image")
          @PathParam("name")
          String ignored,
      @Parameter(description = "Part of the condition; the first if absent") @QueryParam("part")
          @Nullable String part,
      @Context RoutingContext call) {
    HttpFront front = running.get();
    String name = JobFiles.decoded(call, "/api/jobs/" + id + "/conditions/");
    byte[] bytes =
        front
            .conditions()
            .read(id, Optional.ofNullable(part).orElse(""), name)
            .orElseThrow(
                () ->
                    RefusedException.of(
                        404, "name", "the request of job " + id + " has no such condition"));
    limits.send(call, bytes.length);
    String start =
        new String(bytes, 0, Math.min(START_BYTES, bytes.length), StandardCharsets.ISO_8859_1);
    String type =
        IMAGES.entrySet().stream()
            .filter(image -> start.startsWith(image.getKey()))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElseThrow(() -> RefusedException.of(404, "name", "the condition is not an image"));
    return Response.ok(bytes)
        .header(HttpHeaders.CONTENT_TYPE, type)
        .header(HttpHeaders.CACHE_CONTROL, "private, max-age=3600")
        .build();
  }
}
