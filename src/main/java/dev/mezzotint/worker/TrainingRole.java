package dev.mezzotint.worker;

import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Precision;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.training.TrainingJobKind;
import dev.mezzotint.training.TrainingMetrics;
import dev.mezzotint.training.TrainingSettings;
import dev.mezzotint.training.checkpoint.LeaseTiming;
import dev.mezzotint.training.recipe.TrainingLimits;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Role {@code training}: one or more lanes that take training requests, each with a network and an
 * optimizer of its own on the device. Thread-safe.
 */
final class TrainingRole implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TrainingRole.class.getName());
  private static final int BEATS_PER_LEASE = 6;

  /** For the store: hours of training are worth a long wait. */
  private static final RetryPolicy PATIENCE =
      new RetryPolicy(Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofMinutes(10));

  private final WorkerConfig settings;
  private final TrainingJobKind work;
  private final RequestQueue queue;
  private @Nullable Device device; // guarded by this

  /**
   * Opens the device unless it is a CPU; takes no requests yet.
   *
   * @param wiring wraps the handler of deliveries
   */
  TrainingRole(
      WorkerConfig settings,
      Connections connections,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring) {
    this.settings = settings;
    if (!settings.device().equals("cpu")) {
      device(); // a missing GPU is found now, not by the first training
    }
    this.work =
        new TrainingJobKind(
            connections.store(),
            this::device,
            new ModelFinder(settings, connections.store())::named,
            ModelFinder.storedModels(settings, connections.store()),
            training(settings));
    DeliveryHandler handler =
        new JobHandler<>(
            work,
            connections.store(),
            connections.events(),
            connections::cancelled,
            DeliverySettings.of(settings.worker())
                .withClock(clock)
                .withRetryPolicy(PATIENCE)
                .withListener(connections.observers().jobs(WorkerRole.TRAINING)));
    this.queue =
        RequestQueue.of(
            settings.queue(),
            connections.kafka(),
            connections.topics(WorkerRole.TRAINING),
            settings.training().lanes(),
            wiring.apply(handler),
            connections::heldBack);
  }

  private static TrainingSettings training(WorkerConfig settings) {
    Duration lease = settings.training().lease();
    return new TrainingSettings(
        settings.worker(),
        TrainingLimits.DEFAULT.withWebhooks(settings.webhookHosts()),
        settings.training().segment(),
        settings.drain(),
        settings.data().resolve("training"),
        settings.data().resolve("dataset-cache"),
        settings.training().cacheBytes(),
        settings.training().datasets(),
        new LeaseTiming(lease.dividedBy(BEATS_PER_LEASE), lease),
        settings.inputs().orElse(InputRule.ANY));
  }

  void start() {
    queue.start();
  }

  /** Whether its threads run, however long a job takes. */
  boolean live() {
    return queue.alive();
  }

  RequestQueue queue() {
    return queue;
  }

  /** The device, opened when it is first needed: libtorch takes seconds and 100 MB. */
  synchronized Device device() {
    if (device == null) {
      device =
          TorchDevice.open(settings.device(), settings.threads(), Optional.of(Precision.FLOAT32));
    }
    return device;
  }

  TrainingMetrics metrics() {
    return work.metrics();
  }

  /**
   * Stops taking requests; a running training completes its step and writes a checkpoint in time.
   */
  @Override
  public void close() {
    if (!queue.drain(settings.drain())) {
      LOG.log(
          System.Logger.Level.WARNING,
          "A training was abandoned at shutdown: it took longer than MEZZOTINT_DRAIN_SECONDS");
    }
  }
}
