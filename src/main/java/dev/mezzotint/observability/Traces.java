package dev.mezzotint.observability;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Configures OpenTelemetry and makes the spans of store calls and published events. Thread-safe.
 *
 * <p>The settings are those of OpenTelemetry ({@code OTEL_*}); without an endpoint traces are off.
 */
public final class Traces {
  /** Maximum number of store spans in one delivery; a job may read thousands of files. */
  static final int STORE_SPANS_MAX = 64;

  /** Context key of the number of store spans that a delivery may still have. */
  static final ContextKey<AtomicInteger> STORE_SPANS_LEFT = ContextKey.named("store spans left");

  private static final String SCOPE = "dev.mezzotint";

  private final Tracer tracer;

  Traces(OpenTelemetry telemetry) {
    this.tracer = telemetry.getTracer(SCOPE);
  }

  /**
   * The SDK that the environment configures; empty if it names no endpoint. The caller closes it,
   * which sends the remaining spans.
   *
   * @param variables the value of an environment variable by its name; null if it is not set
   * @throws InvalidInputException if the settings are invalid
   */
  public static Optional<OpenTelemetrySdk> configured(Function<String, String> variables) {
    boolean wanted =
        List.of("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").stream()
            .map(variables)
            .anyMatch(value -> value != null && !value.isBlank());
    if (!wanted) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          AutoConfiguredOpenTelemetrySdk.builder()
              .disableShutdownHook()
              .setServiceClassLoader(Traces.class.getClassLoader())
              .addPropertiesSupplier(
                  () ->
                      Map.of(
                          "otel.service.name", "mezzotint",
                          "otel.exporter.otlp.protocol", "http/protobuf",
                          "otel.metrics.exporter", "none",
                          "otel.logs.exporter", "none"))
              .build()
              .getOpenTelemetrySdk());
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          "otel", "the settings of OpenTelemetry (OTEL_*) cannot be used: " + e.getMessage(), e);
    }
  }

  Tracer tracer() {
    return tracer;
  }

  /** The context of the producer, from the headers of the record. */
  static Context parent(Delivery delivery) {
    Map<String, String> carried = EventContext.of(delivery).attributes();
    return W3CTraceContextPropagator.getInstance().extract(Context.root(), carried, new Getter());
  }

  /** A span for each call on the thread of a delivery; none for images, which a pool stores. */
  InstrumentedObjectStore.Around store() {
    return new InstrumentedObjectStore.Around() {
      @Override
      public <T> T call(InstrumentedObjectStore.Operation operation, String key, Supplier<T> call) {
        AtomicInteger left = Context.current().get(STORE_SPANS_LEFT);
        if (left == null || left.getAndDecrement() <= 0) {
          return call.get();
        }
        Span span =
            tracer
                .spanBuilder("store " + operation.wireName())
                .setSpanKind(SpanKind.CLIENT)
                .setAttribute("mezzotint.key", key)
                .startSpan();
        return within(span, call);
      }
    };
  }

  /** Makes a span of each publication; the event carries its context. */
  EventPublisher events(EventPublisher events) {
    return new TracedEvents(events);
  }

  private static <T> T within(Span span, Supplier<T> work) {
    try (Scope scope = span.makeCurrent()) {
      return work.get();
    } catch (RuntimeException e) {
      span.setStatus(StatusCode.ERROR, String.valueOf(e.getMessage()));
      throw e;
    } finally {
      span.end();
    }
  }

  /** The event with the current span in its context; unchanged without a span. */
  private static JobEvent carrying(JobEvent event) {
    if (!Span.current().getSpanContext().isValid()) {
      return event;
    }
    Map<String, String> attributes = new HashMap<>(event.context().attributes());
    attributes.remove(EventContext.TRACE_STATE);
    W3CTraceContextPropagator.getInstance()
        .inject(Context.current(), null, (none, name, value) -> attributes.put(name, value));
    return event.withContext(new EventContext(attributes));
  }

  private final class TracedEvents implements EventPublisher {
    private final EventPublisher events;

    TracedEvents(EventPublisher events) {
      this.events = events;
    }

    @Override
    public void publish(JobEvent event) {
      if (!Span.current().getSpanContext().isValid()) {
        events.publish(event);
        return;
      }
      within(
          span(event),
          () -> {
            events.publish(carrying(event));
            return event;
          });
    }

    @Override
    public CompletableFuture<Void> send(JobEvent event) {
      if (!Span.current().getSpanContext().isValid()) {
        return events.send(event);
      }
      Span span = span(event);
      try (Scope scope = span.makeCurrent()) {
        return events
            .send(carrying(event))
            .whenComplete(
                (stored, e) -> {
                  if (e != null) {
                    span.setStatus(StatusCode.ERROR, String.valueOf(e.getMessage()));
                  }
                  span.end();
                });
      }
    }

    private Span span(JobEvent event) {
      return tracer
          .spanBuilder("publish " + event.type().wireName())
          .setSpanKind(SpanKind.PRODUCER)
          .setAttribute("messaging.system", "kafka")
          .setAttribute("messaging.operation.type", "send")
          .setAttribute("mezzotint.event.id", event.id())
          .startSpan();
    }

    @Override
    public void publishLater(JobEvent event) {
      events.publishLater(carrying(event));
    }

    @Override
    public void deadLetter(
        Delivery delivery, String jobId, int attempt, String field, String cause) {
      events.deadLetter(delivery, jobId, attempt, field, cause);
    }

    @Override
    public void close() {
      events.close();
    }
  }

  private static final class Getter
      implements io.opentelemetry.context.propagation.TextMapGetter<Map<String, String>> {
    @Override
    public Iterable<String> keys(Map<String, String> carried) {
      return carried.keySet();
    }

    @Override
    public @org.jspecify.annotations.Nullable String get(
        @org.jspecify.annotations.Nullable Map<String, String> carried, String name) {
      return carried == null ? null : carried.get(name);
    }
  }
}
