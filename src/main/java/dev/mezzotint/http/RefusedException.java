package dev.mezzotint.http;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A call that is refused, with the answer that says why. */
final class RefusedException extends WebApplicationException {
  private static final long serialVersionUID = 1L;

  /** The media type of {@link Refusal}. */
  static final String PROBLEM = "application/problem+json";

  /** The JSON body of every refusal: problem details (RFC 9457) with the field at fault. */
  @Schema(requiredProperties = {"type", "title", "status", "detail", "field", "message"})
  record Refusal(
      @Schema(description = "Always about:blank: the status says what kind of problem it is")
          String type,
      @Schema(description = "The status in words") String title,
      int status,
      @Schema(description = "One sentence about this call") String detail,
      @Schema(description = "The field or header at fault; empty if it is none") String field,
      @Schema(description = "The same as detail") String message) {

    static Refusal of(int status, String field, String message) {
      Response.Status known = Response.Status.fromStatusCode(status);
      String title = known == null ? "Refused" : known.getReasonPhrase();
      return new Refusal("about:blank", title, status, message, field, message);
    }
  }

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
    return Response.status(status).type(PROBLEM).entity(Refusal.of(status, field, message));
  }
}
