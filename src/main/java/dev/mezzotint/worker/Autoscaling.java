package dev.mezzotint.worker;

import dev.mezzotint.autoscaling.Demand;
import dev.mezzotint.autoscaling.DemandMonitor;
import dev.mezzotint.autoscaling.ScalerServer;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.GroupOffsets;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.observability.Meters;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reports the backlog of the role {@code control} to autoscalers: as metrics and, if a port is
 * configured, to KEDA. Safe for use by many threads.
 */
final class Autoscaling implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final GroupOffsets offsets;
  private final DemandMonitor monitor;
  private final @Nullable ScalerServer server;

  /**
   * Starts at once.
   *
   * @param topics request topics by kind
   * @param paused whether a topic is paused
   * @param ended number of queued records of a topic whose jobs have ended
   */
  Autoscaling(
      WorkerConfig settings,
      KafkaSettings kafka,
      Map<String, List<String>> topics,
      Predicate<String> paused,
      ToLongFunction<String> ended) {
    WorkerConfig.Scaler switches = settings.scaler();
    offsets = new GroupOffsets(kafka);
    monitor =
        new DemandMonitor(
            () -> offsets.backlog(settings.queue().groupType(), topics, paused, ended),
            new KafkaCostStore(offsets, topics),
            Map.of(
                WorkerRole.GENERATION.wireName(),
                switches.generationSeconds(),
                WorkerRole.TRAINING.wireName(),
                switches.trainingSeconds()),
            PERIOD);
    try {
      server =
          switches.port() == 0 ? null : new ScalerServer(monitor, switches.host(), switches.port());
    } catch (IOException e) {
      monitor.close();
      offsets.close();
      throw new InvalidInputException(
          "mezzotint.scaler-port",
          "the external scaler cannot listen on MEZZOTINT_SCALER_HOST "
              + switches.host()
              + ", MEZZOTINT_SCALER_PORT "
              + switches.port()
              + ": "
              + FileErrors.describe(e));
    }
  }

  /** The external scaler's port; empty if it is not configured. */
  OptionalInt port() {
    ScalerServer of = server;
    return of == null ? OptionalInt.empty() : OptionalInt.of(of.port());
  }

  void register(MeterRegistry registry) {
    Meters<DemandMonitor> meters = new Meters<>(registry, "mezzotint.backlog.", monitor);
    for (String kind : monitor.kinds()) {
      gauge(meters, kind, "jobs", "Queued or running requests", Demand::jobs);
      gauge(meters, kind, "paused", "Those of them in paused topics", Demand::paused);
      gauge(
          meters,
          kind,
          "device.seconds",
          "How long one worker alone would take for the jobs that are not paused",
          Demand::deviceSeconds);
      gauge(
          meters,
          kind,
          "seconds.per.job",
          "Time per job of one worker at full load, measured or configured",
          Demand::secondsPerJob);
    }
    meters.gauge(
        "age.seconds", "Time since the group's lag was last read", DemandMonitor::ageSeconds);
  }

  /** Keeps the cost of a kind with the first of its topics. */
  private record KafkaCostStore(GroupOffsets offsets, Map<String, List<String>> topics)
      implements DemandMonitor.CostStore {

    @Override
    public Map<String, String> load() throws InterruptedException {
      Map<String, String> notes = offsets.notes();
      Map<String, String> costs = new HashMap<>();
      topics.forEach(
          (kind, of) ->
              Optional.ofNullable(notes.get(of.get(0))).ifPresent(note -> costs.put(kind, note)));
      return costs;
    }

    @Override
    public void save(Map<String, String> costs) throws InterruptedException {
      Map<String, String> notes = new HashMap<>();
      costs.forEach(
          (kind, cost) ->
              Optional.ofNullable(topics.get(kind)).ifPresent(of -> notes.put(of.get(0), cost)));
      offsets.saveNotes(notes);
    }
  }

  private static void gauge(
      Meters<DemandMonitor> meters,
      String kind,
      String name,
      String description,
      ToDoubleFunction<Demand> value) {
    meters.gauge(
        name, description, m -> m.last(kind).map(value::applyAsDouble).orElse(0.0), "kind", kind);
  }

  @Override
  public void close() {
    if (server != null) {
      server.close();
    }
    monitor.close();
    offsets.close();
  }
}
