package dev.mezzotint.observability;

import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.WorkerRole;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Meters of jobs and deliveries of one role, and of the store. All exist from the start, at zero,
 * so that rates can be computed. Thread-safe.
 */
final class JobMetrics implements JobListener {
  private static final Duration[] WAITS = {
    Duration.ofSeconds(1),
    Duration.ofSeconds(10),
    Duration.ofMinutes(1),
    Duration.ofMinutes(10),
    Duration.ofHours(1)
  };

  private final Map<JobEvent.Type, Counter> jobs = new EnumMap<>(JobEvent.Type.class);
  private final Timer wait;
  private final Timer encode;

  JobMetrics(WorkerRole role, MeterRegistry meters) {
    for (JobEvent.Type state : JobEvent.Type.values()) {
      if (state != JobEvent.Type.STARTED && state != JobEvent.Type.PROGRESSED) {
        jobs.put(
            state,
            Counter.builder("mezzotint.jobs")
                .description("Jobs created and ended by this worker, each counted once")
                .tag("role", role.wireName())
                .tag("state", state.wireName())
                .register(meters));
      }
    }
    wait =
        Timer.builder("mezzotint.queue.wait")
            .description("From the writing of a record to its delivery to a lane")
            .tag("role", role.wireName())
            .serviceLevelObjectives(WAITS)
            .register(meters);
    encode =
        Timer.builder("mezzotint.encode")
            .description("Encoding of an image to its file")
            .register(meters);
  }

  private void count(JobEvent.Type state) {
    Counter counter = jobs.get(state);
    if (counter != null) {
      counter.increment();
    }
  }

  @Override
  public DeliveryObserver deliveryStarted(Delivery delivery) {
    Instant now = Instant.now();
    delivery
        .writtenTime()
        .filter(written -> written.isBefore(now)) // clocks of producers may be ahead
        .ifPresent(written -> wait.record(Duration.between(written, now)));
    return new DeliveryObserver() {
      @Override
      public void jobCreated() {
        count(JobEvent.Type.ACCEPTED);
      }

      @Override
      public void imageEncoded(long nanos) {
        encode.record(nanos, TimeUnit.NANOSECONDS);
      }

      @Override
      public void jobEnded(JobEvent.Type state) {
        count(state);
      }

      @Override
      public void rejected() {
        count(JobEvent.Type.REJECTED);
      }
    };
  }

  /** Times the store's calls by what they do and whether they failed. */
  static InstrumentedObjectStore.Around store(MeterRegistry meters) {
    Map<InstrumentedObjectStore.Operation, Timer> done = timers(meters, "ok");
    Map<InstrumentedObjectStore.Operation, Timer> failed = timers(meters, "failed");
    return new InstrumentedObjectStore.Around() {
      @Override
      public <T> T call(InstrumentedObjectStore.Operation operation, String key, Supplier<T> call) {
        long begun = System.nanoTime();
        boolean returned = false;
        try {
          T given = call.get();
          returned = true;
          return given;
        } finally {
          Timer timer = (returned ? done : failed).get(operation);
          java.util.Objects.requireNonNull(timer)
              .record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
        }
      }
    };
  }

  private static Map<InstrumentedObjectStore.Operation, Timer> timers(
      MeterRegistry meters, String outcome) {
    Map<InstrumentedObjectStore.Operation, Timer> timers =
        new EnumMap<>(InstrumentedObjectStore.Operation.class);
    for (InstrumentedObjectStore.Operation operation : InstrumentedObjectStore.Operation.values()) {
      timers.put(
          operation,
          Timer.builder("mezzotint.store")
              .description("Calls of the object store; a stream until its first byte")
              .tag("operation", operation.wireName())
              .tag("outcome", outcome)
              .register(meters));
    }
    return timers;
  }
}
