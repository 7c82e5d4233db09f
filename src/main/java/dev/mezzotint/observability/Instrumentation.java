package dev.mezzotint.observability;

import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.storage.ObjectStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Adds meters, log context and traces to the parts of a worker. Thread-safe. */
public final class Instrumentation {
  private static final long PASSES_MILLIS = 1_000;

  private final MeterRegistry meters;
  private final @Nullable Traces traces;
  private final @Nullable PassSpans passes;

  /**
   * @param meters of the process
   * @param telemetry where spans go; empty for no spans at all
   */
  public Instrumentation(MeterRegistry meters, Optional<? extends OpenTelemetry> telemetry) {
    this.meters = meters;
    this.traces = telemetry.isPresent() ? new Traces(telemetry.get()) : null;
    this.passes = traces == null ? null : new PassSpans(traces.tracer());
  }

  /** Without traces; its meters are not exported. */
  public static Instrumentation none() {
    return new Instrumentation(new SimpleMeterRegistry(), Optional.empty());
  }

  public JobListener jobs(WorkerRole role) {
    List<JobListener> all =
        new ArrayList<>(List.of(new JobLogger(role), new JobMetrics(role, meters)));
    if (traces != null && passes != null) {
      all.add(new JobTraces(role, traces.tracer(), passes));
    }
    return JobListener.all(all);
  }

  /**
   * @param store is closed by the caller
   */
  public ObjectStore store(ObjectStore store) {
    ObjectStore timed = new InstrumentedObjectStore(store, JobMetrics.store(meters));
    return traces == null ? timed : new InstrumentedObjectStore(timed, traces.store());
  }

  public EventPublisher events(EventPublisher events) {
    return traces == null ? events : traces.events(events);
  }

  /** Writes spans of the loop's passes until closed; called at most once. */
  public AutoCloseable passes(StepLoop loop) {
    return passes == null ? () -> {} : passes.every(PASSES_MILLIS, loop::metrics);
  }
}
