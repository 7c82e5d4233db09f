package dev.mezzotint.http;

import dev.mezzotint.http.RefusedException.Refusal;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import jakarta.inject.Singleton;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.Optional;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Maps exceptions to refusals: every answer that is an error has the same JSON body. */
@Singleton
public final class Refusals {
  private static final System.Logger LOG = System.getLogger(Refusals.class.getName());

  @ServerExceptionMapper
  public Response invalid(InvalidInputException e) {
    return RefusedException.answer(400, e.field(), String.valueOf(e.getMessage())).build();
  }

  @ServerExceptionMapper
  public Response away(TransientException e) {
    return RefusedException.answer(503, "", "try again later: " + e.getMessage())
        .header(HttpHeaders.RETRY_AFTER, 3)
        .build();
  }

  @ServerExceptionMapper
  public Response absent(NotFoundException e) {
    return RefusedException.answer(404, "", "there is no such thing here; /api lists what there is")
        .build();
  }

  @ServerExceptionMapper
  public Response notAllowed(NotAllowedException e) {
    String allowed =
        Optional.ofNullable(e.getResponse().getHeaderString(HttpHeaders.ALLOW)).orElse("GET, POST");
    return RefusedException.answer(405, "", "only " + allowed + " is answered here")
        .header(HttpHeaders.ALLOW, allowed)
        .build();
  }

  /** Those that say why, and what the framework throws. */
  @ServerExceptionMapper
  public Response other(WebApplicationException e) {
    Response answer = e.getResponse();
    return answer.getEntity() instanceof Refusal
        ? answer
        : RefusedException.answer(answer.getStatus(), "", String.valueOf(e.getMessage())).build();
  }

  @ServerExceptionMapper
  public Response failed(Exception e) {
    boolean gone = e instanceof IOException; // the caller's connection, or a file of the store
    LOG.log(gone ? System.Logger.Level.DEBUG : System.Logger.Level.ERROR, "An HTTP call failed", e);
    return RefusedException.answer(500, "", "this call failed; the worker's log says why").build();
  }
}
