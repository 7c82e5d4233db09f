package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** Serves the live page's files, which are resources of the artifact. */
@Singleton
@Path("/")
public final class PageResource {
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml");

  @GET
  @Operation(hidden = true)
  public Response index(@Context Request request) throws IOException {
    return file("index.html", request);
  }

  /**
   * The page while the worker is starting, which reloads itself. It tells nothing about the system.
   */
  static Response starting(Instant since) {
    long seconds = Duration.between(since, Instant.now()).toSeconds();
    try (InputStream in = PageResource.class.getResourceAsStream("/page/starting.html")) {
      String page = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
      return Response.status(503)
          .entity(page.replace("{seconds}", String.valueOf(Math.max(0, seconds))))
          .type(TYPES.get("html"))
          .header(HttpHeaders.RETRY_AFTER, 2)
          .header(HttpHeaders.CACHE_CONTROL, "no-store")
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @GET
  @Path("page/{name: ([a-z]+\\.[a-z]+|recipes/[a-z0-9-]+\\.json)}")
  @Operation(hidden = true)
  public Response file(@PathParam("name") String name, @Context Request request)
      throws IOException {
    try (InputStream in = PageResource.class.getResourceAsStream("/page/" + name)) {
      if (in == null) {
        throw new NotFoundException();
      }
      byte[] bytes = in.readAllBytes();
      CRC32 sum = new CRC32();
      sum.update(bytes);
      EntityTag tag = new EntityTag(Long.toHexString(sum.getValue()));
      Response.ResponseBuilder unchanged = request.evaluatePreconditions(tag);
      return (unchanged == null ? Response.ok(bytes) : unchanged)
          .tag(tag)
          .header(HttpHeaders.CONTENT_TYPE, TYPES.get(name.substring(name.lastIndexOf('.') + 1)))
          // Asked for again every time: a page must not be older than the worker that serves it.
          .header(HttpHeaders.CACHE_CONTROL, "no-cache")
          .build();
    }
  }
}
