package dev.mezzotint.observability;

import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.WorkerRole;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jboss.logmanager.MDC;
import org.jspecify.annotations.Nullable;

/**
 * Spans of deliveries: the wait in the queue and the processing as children of the producer's span,
 * phases below the processing, steps and images below the work phase. The steps of a job are one
 * span; {@link PassSpans} has the passes that jobs share. Thread-safe.
 */
final class JobTraces implements JobListener {
  private final WorkerRole role;
  private final Tracer tracer;
  private final PassSpans passes;

  JobTraces(WorkerRole role, Tracer tracer, PassSpans passes) {
    this.role = role;
    this.tracer = tracer;
    this.passes = passes;
  }

  @Override
  public DeliveryObserver deliveryStarted(Delivery delivery) {
    Context producer = Traces.parent(delivery);
    Instant now = Instant.now();
    Span span =
        tracer
            .spanBuilder("process " + delivery.topic())
            .setParent(producer)
            .setSpanKind(SpanKind.CONSUMER)
            .setStartTimestamp(now)
            .setAttribute("messaging.system", "kafka")
            .setAttribute("messaging.operation.type", "process")
            .setAttribute("messaging.destination.name", delivery.topic())
            .setAttribute("messaging.kafka.offset", delivery.offset())
            .setAttribute("mezzotint.role", role.wireName())
            .startSpan();
    boolean caused = Span.fromContext(producer).getSpanContext().isValid();
    delivery
        .writtenTime()
        .filter(written -> written.isBefore(now))
        .ifPresent(
            written ->
                tracer
                    .spanBuilder("wait in queue")
                    .setParent(caused ? producer : Context.root().with(span))
                    .setStartTimestamp(written)
                    .startSpan()
                    .end(now));
    return new Spans(span);
  }

  private static Instant at(long nanoTime) {
    return Instant.now().minusNanos(System.nanoTime() - nanoTime);
  }

  private static void attributes(Span span, Map<String, Long> counts) {
    counts.forEach((name, count) -> span.setAttribute("mezzotint." + name, count));
  }

  /** Spans of one delivery; used on its thread only. */
  private final class Spans implements DeliveryObserver {
    private final Span whole;
    private final Context context;
    private final Scope outer;
    private @Nullable Span phase;
    private @Nullable Scope inner;
    private String job = "";

    @SuppressWarnings("MustBeClosedChecker") // closed when the delivery is settled
    Spans(Span whole) {
      this.whole = whole;
      this.context =
          Context.root()
              .with(whole)
              .with(Traces.STORE_SPANS_LEFT, new AtomicInteger(Traces.STORE_SPANS_MAX));
      this.outer = context.makeCurrent();
      MDC.put("traceId", whole.getSpanContext().getTraceId());
    }

    @Override
    public void jobIdentified(String id) {
      job = id;
      whole.setAttribute("mezzotint.job", id);
    }

    @Override
    public void attemptStarted(int attempt, String model) {
      whole.setAttribute("mezzotint.attempt", attempt).setAttribute("mezzotint.model", model);
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed with the phase
    public void phaseStarted(String name) {
      endPhase();
      Span next = tracer.spanBuilder(name).setParent(context).startSpan();
      phase = next;
      inner = context.with(next).makeCurrent();
    }

    private void endPhase() {
      if (inner != null) {
        inner.close();
        inner = null;
      }
      if (phase != null) {
        phase.end();
        phase = null;
      }
    }

    private SpanBuilder below(String name) {
      return tracer.spanBuilder(name); // a child of the current span
    }

    @Override
    public JobListener.Period samplingStarted(LongSupplier evaluations) {
      Span span = below("steps").startSpan();
      PassSpans.Sharing sharing = passes.join(job, span.getSpanContext(), evaluations);
      return (to, counts) -> {
        passes.leave(sharing);
        attributes(span, counts);
        span.end(at(to));
      };
    }

    @Override
    public void recordSpan(String name, long from, long to, Map<String, Long> counts) {
      Span span = below(name).setStartTimestamp(at(from)).startSpan();
      attributes(span, counts);
      span.end(at(to));
    }

    @Override
    public void jobEnded(JobEvent.Type state) {
      whole.setAttribute("mezzotint.state", state.wireName());
    }

    @Override
    public void rejected() {
      whole.setAttribute("mezzotint.state", JobEvent.Type.REJECTED.wireName());
    }

    @Override
    public void settled(Settlement settlement) {
      endPhase();
      MDC.remove("traceId");
      outer.close();
      whole.setAttribute("mezzotint.settlement", settlement.name()).end();
    }
  }
}
