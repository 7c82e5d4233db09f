package dev.mezzotint.worker;

import dev.mezzotint.autoscaling.Demand;
import dev.mezzotint.autoscaling.DemandMonitor;
import dev.mezzotint.autoscaling.QueueSnapshot;
import dev.mezzotint.autoscaling.ScalerServer;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.GroupOffsets;
import dev.mezzotint.kafka.KafkaSettings;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the role {@code control} tells an autoscaler: how much waits, as meters and, where a port is
 * configured, to KEDA. Safe for use by many threads.
 */
final class Autoscaling implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final GroupOffsets offsets;
  private final DemandMonitor monitor;
  private final @Nullable ScalerServer server;

  /**
   * Begins at once.
   *
   * @param topics request topics by kind
   * @param paused whether nobody is to take from a topic
   */
  Autoscaling(
      WorkerConfig settings,
      KafkaSettings kafka,
      Map<String, List<String>> topics,
      Predicate<String> paused) {
    ScalerConfig switches = settings.scaler();
    offsets = new GroupOffsets(kafka, settings.queue());
    monitor =
        new DemandMonitor(
            () -> figures(offsets.look(topics, paused)),
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
              + e.getMessage());
    }
  }

  private static Map<String, QueueSnapshot> figures(Map<String, GroupOffsets.Figures> lags) {
    Map<String, QueueSnapshot> figures = new HashMap<>();
    lags.forEach(
        (kind, of) ->
            figures.put(
                kind,
                new QueueSnapshot(
                    of.unsettled(), of.paused(), of.settled(), of.members(), of.hosts())));
    return figures;
  }

  /** The external scaler's, if there is one. */
  OptionalInt port() {
    ScalerServer of = server;
    return of == null ? OptionalInt.empty() : OptionalInt.of(of.port());
  }

  /** The same figures for Prometheus. */
  void register(MeterRegistry meters) {
    for (String kind : monitor.kinds()) {
      gauge(meters, kind, "jobs", "Requests that wait or are in hand", Demand::jobs);
      gauge(meters, kind, "paused", "Of these, in paused topics", Demand::paused);
      gauge(
          meters,
          kind,
          "device.seconds",
          "How long one worker alone would take for those that are not paused",
          Demand::deviceSeconds);
      gauge(
          meters,
          kind,
          "seconds.per.job",
          "Time of one full worker per job, measured or configured",
          Demand::secondsPerJob);
    }
    Gauge.builder("mezzotint.backlog.age.seconds", monitor, DemandMonitor::ageSeconds)
        .description("Since the group's lag could last be read")
        .register(meters);
  }

  private void gauge(
      MeterRegistry meters,
      String kind,
      String name,
      String description,
      ToDoubleFunction<Demand> figure) {
    Gauge.builder(
            "mezzotint.backlog." + name,
            monitor,
            w -> w.last(kind).map(figure::applyAsDouble).orElse(0.0))
        .description(description)
        .tag("kind", kind)
        .register(meters);
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
