package dev.mezzotint.worker;

import dev.mezzotint.autoscaling.PodConfig;
import dev.mezzotint.autoscaling.PodDeletionCostUpdater;
import dev.mezzotint.control.WebhookDispatcher;
import dev.mezzotint.http.HttpFront;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.training.TrainingMetrics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One worker: its connections and its roles. Created by {@link #start}; thread-safe.
 *
 * <p>Order of shutdown: the worker stops being ready and taking requests, jobs in progress reach a
 * boundary, images being stored are completed, then device, events and store are closed. The broker
 * and the store themselves keep running.
 */
public final class Worker implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Worker.class.getName());
  private static final Duration JOIN_LIMIT = Duration.ofSeconds(10);
  private static final long JOIN_POLL_MILLIS = 20;

  private final Connections connections;
  private final @Nullable GenerationRole generation;
  private final @Nullable TrainingRole training;
  private volatile @Nullable ControlRole control;
  private volatile @Nullable HttpRole front;
  private volatile @Nullable PodDeletionCostUpdater deletionCost;
  private final StartupTimings laps;
  private volatile boolean accepting;

  private Worker(
      WorkerConfig settings,
      Connections connections,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring,
      StartupTimings laps) {
    this.laps = laps;
    this.connections = connections;
    this.generation =
        settings.roles().contains(WorkerRole.GENERATION)
            ? new GenerationRole(settings, connections, clock, wiring)
            : null;
    this.training =
        settings.roles().contains(WorkerRole.TRAINING)
            ? new TrainingRole(settings, connections, clock, wiring)
            : null;
  }

  /**
   * Checks the store, creates missing topics and the bucket, and starts taking requests.
   *
   * @throws dev.mezzotint.job.TransientException if the broker or the store does not answer
   * @throws InvalidInputException if the store does not honour conditional writes, without which
   *     the promise of one result per job cannot be kept
   */
  public static Worker start(WorkerConfig settings, Endpoints endpoints) {
    return start(settings, endpoints, Instrumentation.none());
  }

  /** As {@link #start(WorkerConfig, Endpoints)}, with metrics, logs and traces. */
  static Worker start(WorkerConfig settings, Endpoints endpoints, Instrumentation observers) {
    return start(settings, endpoints, observers, InstantSource.system(), UnaryOperator.identity());
  }

  /**
   * Runs an action, once, when the device has failed several times in a row, so that another
   * process can take over.
   */
  void onDeviceGivenUp(Runnable action) {
    if (generation != null) {
      generation.onDeviceGivenUp(action);
    }
  }

  /**
   * As {@link #start(WorkerConfig, Endpoints)}, for tests of faults.
   *
   * @param clock of the jobs
   * @param wiring wraps the handler of deliveries
   */
  static Worker start(
      WorkerConfig settings,
      Endpoints endpoints,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring) {
    return start(settings, endpoints, Instrumentation.none(), clock, wiring);
  }

  private static Worker start(
      WorkerConfig settings,
      Endpoints endpoints,
      Instrumentation observers,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring) {
    StartupTimings laps = new StartupTimings();
    Connections connections = new Connections(settings, endpoints, observers);
    Worker worker;
    try {
      worker = new Worker(settings, connections, clock, wiring, laps);
      laps.lap("device");
    } catch (RuntimeException e) {
      connections.close();
      throw e;
    }
    try {
      worker.begin(settings, clock);
      LOG.log(
          System.Logger.Level.INFO,
          "Worker {0} ({1}) takes requests at {2}, results go to bucket {3} at {4}",
          settings.worker(),
          WorkerRole.words(EnumSet.copyOf(settings.roles())),
          endpoints.kafka().bootstrapServers(),
          endpoints.s3().bucket(),
          endpoints.s3().endpoint());
      return worker;
    } catch (RuntimeException e) {
      worker.close();
      throw e;
    }
  }

  private void begin(WorkerConfig settings, InstantSource clock) {
    connections.prepareStore();
    laps.lap("store");
    connections.prepareTopics();
    laps.lap("topics");
    connections.listen(this::cancel);
    laps.lap("control topic");
    if (settings.roles().contains(WorkerRole.CONTROL)) {
      control = new ControlRole(settings, connections, clock);
      if (settings.front().on()) {
        front = new HttpRole(settings, connections, loop(), previews());
      }
    }
    if (generation != null) {
      generation.start();
    }
    if (training != null) {
      training.start();
    }
    connections.monitor(this::laneProblem);
    awaitLanes();
    laps.lap("roles");
    settings
        .pod()
        .ifPresent(
            pod ->
                deletionCost =
                    new PodDeletionCostUpdater(
                        new PodConfig(pod, settings.kubernetes(), settings.serviceAccount()),
                        this::inHand,
                        PodDeletionCostUpdater.PERIOD));
    accepting = true;
  }

  /** Returns once lanes of all queues have joined their groups, or after a limit: not ready. */
  private void awaitLanes() {
    long end = System.nanoTime() + JOIN_LIMIT.toNanos();
    try {
      while (laneProblem().isPresent() && System.nanoTime() < end) {
        Thread.sleep(JOIN_POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Stream<RequestQueue> queues() {
    return Stream.of(queue(), trainingQueue()).flatMap(Optional::stream);
  }

  private Optional<String> laneProblem() {
    return queues().flatMap(queue -> queue.problem().stream()).findFirst();
  }

  private int inHand() {
    return queues().mapToInt(queue -> queue.inProgress().size()).sum();
  }

  private void cancel(String jobId) {
    ControlRole role = control;
    if (role != null) {
      role.cancel(jobId);
    }
    HttpRole page = front;
    if (page != null) {
      page.cancelRequested(jobId);
    }
  }

  /** The HTTP front; empty without the role {@code control}, or if it is turned off. */
  public Optional<HttpFront> front() {
    return Optional.ofNullable(front).map(HttpRole::front);
  }

  StartupTimings laps() {
    return laps;
  }

  boolean ready() {
    return accepting && live() && problem().isEmpty();
  }

  /** Why it takes no requests at present, in one sentence; empty if it does. */
  Optional<String> problem() {
    return connections.problem().or(this::laneProblem);
  }

  /** Whether its threads run, however long a job takes. */
  boolean live() {
    return !accepting
        || ((generation == null || generation.live()) && (training == null || training.live()));
  }

  /** For metrics; empty without the role. */
  Optional<RequestQueue> queue() {
    return Optional.ofNullable(generation).map(GenerationRole::queue);
  }

  /** For metrics; empty without the role. */
  Optional<RequestQueue> trainingQueue() {
    return Optional.ofNullable(training).map(TrainingRole::queue);
  }

  Optional<TrainingMetrics> training() {
    return Optional.ofNullable(training).map(TrainingRole::metrics);
  }

  /** The autoscaler's view of the queues; empty without the role {@code control}. */
  Optional<Autoscaling> autoscaling() {
    return Optional.ofNullable(control).map(ControlRole::autoscaling);
  }

  /** Sends webhooks; empty without the role {@code control}, or if they are off. */
  Optional<WebhookDispatcher> webhooks() {
    return Optional.ofNullable(control).flatMap(ControlRole::webhooks);
  }

  /** The device of its models; empty if no role needs one. */
  Optional<Device> device() {
    return Optional.ofNullable(generation)
        .map(GenerationRole::device)
        .or(() -> Optional.ofNullable(training).map(TrainingRole::device));
  }

  Optional<StepLoop> loop() {
    return Optional.ofNullable(generation).map(GenerationRole::loop);
  }

  private Optional<Previews> previews() {
    return Optional.ofNullable(generation).map(GenerationRole::previews);
  }

  /** Closes both roles in parallel: each may take the whole time of a shutdown. */
  private void closeRoles() {
    Thread other = null;
    if (training != null) {
      other = new Thread(training::close, "training-close");
      other.start();
    }
    if (generation != null) {
      generation.close();
    }
    try {
      if (other != null) {
        other.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    accepting = false;
    HttpRole page = front;
    if (page != null) {
      page.close();
    }
    closeRoles();
    PodDeletionCostUpdater cost = deletionCost;
    if (cost != null) {
      cost.close();
    }
    ControlRole role = control;
    if (role != null) {
      role.close();
    }
    connections.close();
  }
}
