package dev.mezzotint.worker;

import dev.mezzotint.control.EarlyEnd;
import dev.mezzotint.control.Orphans;
import dev.mezzotint.control.RequestTail;
import dev.mezzotint.control.Sweeper;
import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.generation.GenerationWork;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.job.Role;
import dev.mezzotint.kafka.KafkaCluster;
import dev.mezzotint.training.TrainingWork;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/**
 * Role {@code control}: ends jobs that wait and are called off or late, and sweeps up what dead
 * attempts have left. Needs no device. Safe for use by many threads.
 */
final class ControlRole implements AutoCloseable {
  /** 120 to 190 MB of ids and deadlines; a longer backlog's tail ends when it is taken. */
  private static final int GENERATION_MAX = 500_000;

  private static final int TRAINING_MAX = 50_000;

  private final List<RequestTail> tails;
  private final Sweeper sweeper;
  private final Autoscaling autoscaling;

  /**
   * Begins at once.
   *
   * @param generation request topics
   * @param training request topics
   */
  ControlRole(
      Settings settings,
      Connections connections,
      List<String> generation,
      List<String> training,
      InstantSource clock) {
    try (KafkaCluster cluster = new KafkaCluster(connections.kafka())) {
      cluster.ensureRequestTopics(generation);
      cluster.ensureRequestTopics(training);
    }
    // First, since its port may be taken.
    this.autoscaling =
        new Autoscaling(
            settings,
            connections.kafka(),
            Map.of(Role.GENERATION.word(), generation, Role.TRAINING.word(), training),
            connections::paused);
    DeliverySettings delivery = DeliverySettings.of(settings.worker()).withClock(clock);
    this.tails =
        List.of(
            tail(
                connections,
                generation,
                GenerationWork.reader(GenerationLimits.DEFAULT),
                delivery,
                GENERATION_MAX),
            tail(
                connections,
                training,
                TrainingRequest.reader(TrainingLimits.DEFAULT),
                delivery,
                TRAINING_MAX));
    this.sweeper =
        new Sweeper(
            connections.kafka(),
            new Orphans(connections.store(), TrainingWork::checkpointKeys),
            settings.sweepAfter(),
            InstantSource.system());
  }

  private static RequestTail tail(
      Connections connections,
      List<String> topics,
      RequestReader<?> reader,
      DeliverySettings delivery,
      int capacity) {
    EarlyEnd ends =
        new EarlyEnd(
            reader, connections.store(), connections.events(), connections::cancelled, delivery);
    return new RequestTail(
        connections.kafka(), topics, ends, connections::cancelled, delivery.clock(), capacity);
  }

  Autoscaling autoscaling() {
    return autoscaling;
  }

  /** Somebody has called this job off. */
  void calledOff(String jobId) {
    tails.forEach(tail -> tail.calledOff(jobId));
  }

  @Override
  public void close() {
    autoscaling.close();
    tails.forEach(RequestTail::close);
    sweeper.close();
  }
}
