package dev.mezzotint.worker;

import dev.mezzotint.autoscaling.PodDeletionCostUpdater;
import dev.mezzotint.http.ApiRouter;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.training.TrainingMetrics;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One worker: its connections and the roles that it plays. Started by {@link #start}; safe for use
 * by many threads.
 *
 * <p>Ends in this order: not ready, no more requests, jobs in hand come to a boundary, pictures
 * being stored are stored, then device, events and store are closed. Broker and store outlive it.
 */
public final class Worker implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

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
            ? new GenerationRole(
                settings,
                connections,
                topics(settings, connections.kafka().topics().generationRequests()),
                clock,
                wiring)
            : null;
    this.training =
        settings.roles().contains(WorkerRole.TRAINING)
            ? new TrainingRole(
                settings,
                connections,
                topics(settings, connections.kafka().topics().trainingRequests()),
                clock,
                wiring)
            : null;
  }

  private static List<String> topics(WorkerConfig settings, String requests) {
    return settings.priorityTopics() ? Topics.withPriorities(requests) : List.of(requests);
  }

  /**
   * Checks the store, creates topics and bucket where they are missing, and begins to take
   * requests.
   *
   * @throws dev.mezzotint.job.TransientException if broker or store do not answer
   * @throws InvalidInputException if the store does not honour conditional writes, without which
   *     the promise of one result per job cannot be kept
   */
  public static Worker start(WorkerConfig settings, Endpoints endpoints) {
    return start(settings, endpoints, Instrumentation.none());
  }

  /** As {@link #start(WorkerConfig, Endpoints)}, observed. */
  static Worker start(WorkerConfig settings, Endpoints endpoints, Instrumentation observers) {
    return start(settings, endpoints, observers, InstantSource.system(), UnaryOperator.identity());
  }

  /**
   * Has an action run, once, when the device has failed several times in a row: another process, on
   * another device perhaps, should go on.
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
   * @param wiring put around what handles deliveries
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
          WorkerRole.words(settings.roles()),
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
    connections.listen(this::calledOff);
    laps.lap("control topic");
    if (settings.roles().contains(WorkerRole.CONTROL)) {
      Topics topics = connections.kafka().topics();
      List<String> pictures = topics(settings, topics.generationRequests());
      List<String> models = topics(settings, topics.trainingRequests());
      control = new ControlRole(settings, connections, pictures, models, clock);
      if (settings.front().on()) {
        var kinds =
            Map.of(
                WorkerRole.GENERATION.wireName(), pictures, WorkerRole.TRAINING.wireName(), models);
        front = new HttpRole(settings, connections, kinds, loop(), previews());
      }
    }
    if (generation != null) {
      generation.start();
    }
    if (training != null) {
      training.start();
    }
    laps.lap("roles");
    settings
        .pod()
        .ifPresent(
            pod ->
                deletionCost =
                    new PodDeletionCostUpdater(pod, this::inHand, PodDeletionCostUpdater.PAUSE));
    accepting = true;
  }

  private int inHand() {
    return Stream.of(queue(), trainingQueue())
        .flatMap(Optional::stream)
        .mapToInt(queue -> queue.inProgress().size())
        .sum();
  }

  private void calledOff(String jobId) {
    ControlRole role = control;
    if (role != null) {
      role.calledOff(jobId);
    }
    HttpRole page = front;
    if (page != null) {
      page.calledOff(jobId);
    }
  }

  /** What answers HTTP; empty without the role {@code control}, or where it is turned off. */
  public Optional<ApiRouter> front() {
    return Optional.ofNullable(front).map(HttpRole::front);
  }

  /** What its start was spent on. */
  StartupTimings laps() {
    return laps;
  }

  /** Plays its roles. */
  boolean ready() {
    return accepting && live();
  }

  /** Its threads run; says nothing of how long a job takes. */
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
    return Optional.ofNullable(training).map(TrainingRole::figures);
  }

  /** What the role {@code control} tells of the queues. */
  Optional<Autoscaling> autoscaling() {
    return Optional.ofNullable(control).map(ControlRole::autoscaling);
  }

  /** That of its models; empty where no role needs one. */
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

  /** Both at once: each may take all the time that a shutdown has. */
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
