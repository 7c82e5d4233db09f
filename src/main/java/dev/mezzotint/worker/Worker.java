package dev.mezzotint.worker;

import dev.mezzotint.generation.StepLoop;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.kafka.Topics;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One worker: its connections and the roles that it plays. Started by {@link #start}; safe for use
 * by many threads.
 *
 * <p>Ends in this order: not ready, no more requests, jobs in hand come to a boundary, pictures
 * being stored are stored, then device, events and store are closed. Broker and store outlive it.
 */
final class Worker implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  private final Connections connections;
  private final @Nullable GenerationRole generation;
  private volatile @Nullable ControlRole control;
  private volatile boolean accepting;

  private Worker(
      Settings settings,
      Connections connections,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring) {
    this.connections = connections;
    this.generation =
        settings.roles().contains(Role.GENERATION)
            ? new GenerationRole(
                settings, connections, topics(settings, connections), clock, wiring)
            : null;
  }

  private static List<String> topics(Settings settings, Connections connections) {
    String requests = connections.kafka().topics().generationRequests();
    return settings.priorityTopics() ? Topics.withTwins(requests) : List.of(requests);
  }

  /**
   * Checks the store, creates topics and bucket where they are missing, and begins to take
   * requests.
   *
   * @throws dev.mezzotint.job.TransientException if broker or store do not answer
   * @throws InvalidInputException if the store does not honour conditional writes, without which
   *     the promise of one result per job cannot be kept
   */
  static Worker start(Settings settings, Endpoints endpoints) {
    return start(settings, endpoints, InstantSource.system(), UnaryOperator.identity());
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
   * As {@link #start(Settings, Endpoints)}, for tests of faults.
   *
   * @param clock of the jobs
   * @param wiring put around what handles deliveries
   */
  static Worker start(
      Settings settings,
      Endpoints endpoints,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring) {
    Connections connections = new Connections(settings, endpoints);
    Worker worker;
    try {
      worker = new Worker(settings, connections, clock, wiring);
    } catch (RuntimeException e) {
      connections.close();
      throw e;
    }
    try {
      worker.begin(settings, clock);
      LOG.log(
          System.Logger.Level.INFO,
          "Worker {0} ({1}) takes requests from {2} at {3}, results go to bucket {4} at {5}",
          settings.worker(),
          Role.words(settings.roles()),
          endpoints.kafka().topics().generationRequests(),
          endpoints.kafka().bootstrapServers(),
          endpoints.s3().bucket(),
          endpoints.s3().endpoint());
      return worker;
    } catch (RuntimeException e) {
      worker.close();
      throw e;
    }
  }

  private void begin(Settings settings, InstantSource clock) {
    connections.prepare();
    connections.listen(this::calledOff);
    if (settings.roles().contains(Role.CONTROL)) {
      control = new ControlRole(settings, connections, topics(settings, connections), clock);
    }
    if (generation != null) {
      generation.start();
    }
    accepting = true;
  }

  private void calledOff(String jobId) {
    ControlRole role = control;
    if (role != null) {
      role.calledOff(jobId);
    }
  }

  /** Plays its roles. */
  boolean ready() {
    return accepting && live();
  }

  /** Its threads run; says nothing of how long a job takes. */
  boolean live() {
    return !accepting || generation == null || generation.live();
  }

  /** For metrics; empty without the role. */
  Optional<RequestQueue> queue() {
    return Optional.ofNullable(generation).map(GenerationRole::queue);
  }

  Optional<StepLoop> loop() {
    return Optional.ofNullable(generation).map(GenerationRole::loop);
  }

  @Override
  public void close() {
    accepting = false;
    if (generation != null) {
      generation.close();
    }
    ControlRole role = control;
    if (role != null) {
      role.close();
    }
    connections.close();
  }
}
