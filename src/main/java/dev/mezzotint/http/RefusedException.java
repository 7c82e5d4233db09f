package dev.mezzotint.http;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A call that is refused, with the answer that says why. */
final class RefusedException extends WebApplicationException {
  private static final long serialVersionUID = 1L;

  /** The JSON body of every refusal. */
  @Schema(requiredProperties = {"field", "message"})
  record Refusal(
      @Schema(description = "The field or header at fault; empty if it is none") String field,
      String message) {}

  RefusedException(Response answer, String message) {
    super(message, answer);
  }

  static RefusedException of(int status, String field, String message) {
    return new RefusedException(answer(status, field, message).build(), message);
  }

  /** 503: the same call may succeed in some seconds. */
  static RefusedException busy(String message) {
    return new RefusedException(
        answer(503, "", message).header(HttpHeaders.RETRY_AFTER, 5).build(), message);
  }

  static Response.ResponseBuilder answer(int status, String field, String message) {
    return Response.status(status)
        .type(MediaType.APPLICATION_JSON)
        .entity(new Refusal(field, message));
  }
}
