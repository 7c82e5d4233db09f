package dev.mezzotint.worker;

import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Precision;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.training.TrainingJobKind;
import dev.mezzotint.training.TrainingMetrics;
import dev.mezzotint.training.TrainingSettings;
import dev.mezzotint.training.checkpoint.LeaseTiming;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Role {@code training}: a lane or more that take training requests, each with a network and an
 * optimizer of its own on the device. Safe for use by many threads.
 */
final class TrainingRole implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TrainingRole.class.getName());
  private static final int BEATS_PER_LEASE = 6;

  /** With the store: what hours of steps led to is worth a wait. */
  private static final RetryPolicy PATIENCE =
      new RetryPolicy(Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofMinutes(10));

  private final WorkerConfig settings;
  private final Device device;
  private final TrainingJobKind work;
  private final RequestQueue queue;

  /**
   * Opens the device; takes nothing yet.
   *
   * @param topics request topics, highest priority first
   * @param wiring put around what handles deliveries
   */
  TrainingRole(
      WorkerConfig settings,
      Connections connections,
      List<String> topics,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring) {
    this.settings = settings;
    this.device =
        TorchDevice.open(settings.device(), settings.threads(), Optional.of(Precision.FLOAT32));
    this.work =
        new TrainingJobKind(
            connections.store(),
            device,
            new ModelFinder(settings, connections.store())::named,
            settings.storedModels(connections.store()),
            training(settings));
    DeliveryHandler handler =
        new JobHandler<>(
            work,
            connections.store(),
            connections.events(),
            connections::cancelled,
            DeliverySettings.of(settings.worker())
                .withClock(clock)
                .withPatience(PATIENCE)
                .withListener(connections.observers().jobs(WorkerRole.TRAINING)));
    this.queue =
        RequestQueue.of(
            settings.queue(),
            connections.kafka(),
            topics,
            settings.training().lanes(),
            wiring.apply(handler),
            connections::paused);
  }

  private static TrainingSettings training(WorkerConfig settings) {
    Duration lease = settings.training().lease();
    return TrainingSettings.of(settings.worker(), settings.data())
        .withSegment(settings.training().segment())
        .withDrain(settings.drain())
        .withDatasets(settings.training().datasets())
        .withInputs(settings.inputs())
        .withCacheBytesMax(settings.training().cacheBytes())
        .withCheckpointing(new LeaseTiming(lease.dividedBy(BEATS_PER_LEASE), lease));
  }

  /** Begins to take requests. */
  void start() {
    queue.start();
  }

  /** Its threads run; says nothing of how long a job takes. */
  boolean live() {
    return queue.alive();
  }

  RequestQueue queue() {
    return queue;
  }

  Device device() {
    return device;
  }

  TrainingMetrics figures() {
    return work.metrics();
  }

  /** No more requests; the training in hand ends its step and keeps a checkpoint if it can. */
  @Override
  public void close() {
    if (!queue.drain(settings.drain())) {
      LOG.log(System.Logger.Level.WARNING, "A training was given up at shutdown");
    }
  }
}
