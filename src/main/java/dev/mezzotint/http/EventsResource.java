package dev.mezzotint.http;

import dev.mezzotint.http.EventStreams.Event;
import dev.mezzotint.job.JobId;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.operators.multi.processors.UnicastProcessor;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jboss.resteasy.reactive.ResponseHeader;
import org.jspecify.annotations.Nullable;

/** The event stream: every change of a job, as server-sent events. */
@Singleton
@Path("/api/events")
public final class EventsResource {
  /** Characters of events that a client may leave unread. */
  private static final int UNREAD_CHARS_MAX = 1 << 20;

  private static final long RECONNECT_MILLIS = 1_000;

  private final RunningFront front;

  EventsResource(RunningFront front) {
    this.front = front;
  }

  @HEAD
  @Operation(hidden = true)
  public Response head() {
    return Response.ok().type(MediaType.SERVER_SENT_EVENTS).build();
  }

  @GET
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Blocking // the store may be asked
  @ResponseHeader(name = "X-Accel-Buffering", value = "no")
  @Operation(
      operationId = "events",
      summary = "Server-sent events: each job that changes, in its new state",
      description =
          "The first event is 'hello', or 'reset' if Last-Event-ID is no longer known: then the"
              + " list of jobs must be read again. Then 'job' (a Job without links and curve) for"
              + " each change, and 'figures' every two seconds. With the parameter 'job', the"
              + " second event is its present state, also if it has ended.")
  @APIResponse(
      responseCode = "200",
      description = "A stream without end",
      content =
          @Content(
              mediaType = MediaType.SERVER_SENT_EVENTS,
              schema = @Schema(implementation = AnswerSchemas.StreamEvent.class)))
  public Multi<OutboundSseEvent> events(
      @Parameter(description = "Only this job") @QueryParam("job") @Nullable String job,
      @Parameter(description = "Id of the last event received, for clients that cannot set headers")
          @QueryParam("lastEventId")
          @Nullable String lastEventId,
      @Parameter(description = "Id of the last event received") @HeaderParam("Last-Event-ID")
          @Nullable String lastEventIdHeader,
      @Context Sse sse,
      @Context RoutingContext call) {
    HttpFront running = front.get();
    EventStreams streams = running.streams();
    Optional<String> only = given(job);
    Stream client = new Stream(call);
    call.addEndHandler(gone -> streams.close(client));
    if (!streams.open(given(lastEventIdHeader).or(() -> given(lastEventId)), only, client)) {
      throw RefusedException.busy(EventStreams.CLIENTS_MAX + " clients are listening already");
    }
    // Without the store, a client sees what the list of jobs knows.
    only.filter(id -> id.matches(JobId.RULE))
        .flatMap(id -> StoredJobs.findIfReachable(id, running))
        .ifPresent(known -> streams.present(known, client));
    return client.events.map(event -> client.sent(sse, event));
  }

  private static Optional<String> given(@Nullable String value) {
    return Optional.ofNullable(value).filter(text -> !text.isBlank()).map(String::strip);
  }

  /** One client. Takes no lock: {@link EventStreams} calls it while it holds some. */
  private static final class Stream implements EventStreams.Client {
    private final RoutingContext call;
    private final UnicastProcessor<Event> events = UnicastProcessor.create();
    private final AtomicInteger unread = new AtomicInteger();

    Stream(RoutingContext call) {
      this.call = call;
    }

    @Override
    public boolean send(Event event) {
      if (unread.addAndGet(event.size()) > UNREAD_CHARS_MAX) {
        return false;
      }
      events.onNext(event);
      return true;
    }

    /** The platform asks for the next event once the one before has been written. */
    OutboundSseEvent sent(Sse sse, Event event) {
      unread.addAndGet(-event.size());
      // The blank is part of the format, and the platform leaves it out: "event: job".
      OutboundSseEvent.Builder builder =
          sse.newEventBuilder().name(" " + event.name()).data(" " + event.data());
      event.id().ifPresent(id -> builder.id(" " + id));
      return event.name().equals("job") || event.id().isEmpty()
          ? builder.build()
          : builder.reconnectDelay(RECONNECT_MILLIS).build();
    }

    @Override
    public void end() {
      if (unread.get() > 0) {
        ConnectionLimits.close(call);
      } else {
        events.onComplete();
      }
    }
  }
}
