package dev.mezzotint.worker;

import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.EarlyEnd;
import dev.mezzotint.delivery.Orphans;
import dev.mezzotint.generation.GenerationLimits;
import dev.mezzotint.generation.GenerationWork;
import dev.mezzotint.kafka.RequestTail;
import dev.mezzotint.kafka.Sweeper;
import dev.mezzotint.training.TrainingWork;
import java.time.InstantSource;
import java.util.List;

/**
 * Role {@code control}: ends jobs that wait and are called off or late, and sweeps up what dead
 * attempts have left. Needs no device. Safe for use by many threads.
 */
final class ControlRole implements AutoCloseable {
  /** About 100 MB of ids; a longer backlog's tail ends when it is taken. */
  private static final int WAITING_MAX = 500_000;

  private final RequestTail tail;
  private final Sweeper sweeper;

  /** Begins at once. */
  ControlRole(
      Settings settings, Connections connections, List<String> topics, InstantSource clock) {
    EarlyEnd ends =
        new EarlyEnd(
            GenerationWork.reader(GenerationLimits.DEFAULT),
            connections.store(),
            connections.events(),
            connections::cancelled,
            DeliverySettings.of(settings.worker()).withClock(clock));
    this.tail =
        new RequestTail(
            connections.kafka(), topics, ends, connections::cancelled, clock, WAITING_MAX);
    this.sweeper =
        new Sweeper(
            connections.kafka(),
            new Orphans(connections.store(), TrainingWork::checkpointKeys),
            settings.sweepAfter(),
            InstantSource.system());
  }

  /** Somebody has called this job off. */
  void calledOff(String jobId) {
    tail.calledOff(jobId);
  }

  @Override
  public void close() {
    tail.close();
    sweeper.close();
  }
}
