package dev.mezzotint.worker;

import dev.mezzotint.control.OrphanCleaner;
import dev.mezzotint.control.OrphanSweeper;
import dev.mezzotint.control.PendingJobTerminator;
import dev.mezzotint.control.RequestTopicMonitor;
import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.generation.GenerationJobKind;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.training.TrainingJobKind;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Role {@code control}: ends waiting jobs that are cancelled or late, removes orphaned objects, and
 * measures the backlog for the autoscaler. Needs no device. Thread-safe.
 */
final class ControlRole implements AutoCloseable {
  /** 120 to 190 MB of ids and deadlines; jobs beyond it end when a worker takes them. */
  private static final int GENERATION_MAX = 500_000;

  private static final int TRAINING_MAX = 50_000;

  private final List<RequestTopicMonitor> tails = new CopyOnWriteArrayList<>();
  private final OrphanSweeper sweeper;
  private final Autoscaling autoscaling;

  /**
   * Starts at once.
   *
   * @param generation request topics
   * @param training request topics
   */
  ControlRole(
      WorkerConfig settings,
      Connections connections,
      List<String> generation,
      List<String> training,
      InstantSource clock) {
    // First, since it fails if its port is taken.
    this.autoscaling =
        new Autoscaling(
            settings,
            connections.kafka(),
            Map.of(
                WorkerRole.GENERATION.wireName(),
                generation,
                WorkerRole.TRAINING.wireName(),
                training),
            connections::paused,
            this::ended);
    DeliverySettings delivery = DeliverySettings.of(settings.worker()).withClock(clock);
    tails.addAll(
        List.of(
            tail(
                connections,
                generation,
                GenerationJobKind.reader(GenerationLimits.DEFAULT),
                delivery,
                GENERATION_MAX),
            tail(
                connections,
                training,
                TrainingRequest.reader(TrainingLimits.DEFAULT),
                delivery,
                TRAINING_MAX)));
    this.sweeper =
        new OrphanSweeper(
            connections.kafka(),
            new OrphanCleaner(connections.store(), TrainingJobKind::checkpointKeys),
            settings.sweepAfter(),
            InstantSource.system());
  }

  private static RequestTopicMonitor tail(
      Connections connections,
      List<String> topics,
      RequestReader<?> reader,
      DeliverySettings delivery,
      int capacity) {
    PendingJobTerminator ends =
        new PendingJobTerminator(
            reader, connections.store(), connections.events(), connections::cancelled, delivery);
    return new RequestTopicMonitor(
        connections.kafka(), topics, ends, connections::cancelled, delivery.clock(), capacity);
  }

  private long ended(String topic) {
    return tails.stream().mapToLong(tail -> tail.ended(topic)).sum();
  }

  Autoscaling autoscaling() {
    return autoscaling;
  }

  /** Ends the job if it waits. */
  void cancel(String jobId) {
    tails.forEach(tail -> tail.cancelRequested(jobId));
  }

  @Override
  public void close() {
    autoscaling.close();
    tails.forEach(RequestTopicMonitor::close);
    sweeper.close();
  }
}
