package dev.mezzotint.worker;

import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.ControlTopic;
import dev.mezzotint.kafka.KafkaCluster;
import dev.mezzotint.kafka.KafkaEvents;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.observability.ConnectionMonitor;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.ObjectStore;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The store, the event publisher and the control topic, shared by all roles of a worker. */
public final class Connections implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Connections.class.getName());
  private static final Duration CONTROL_LIMIT = Duration.ofSeconds(30);
  private static final Duration CHECK_PERIOD = Duration.ofSeconds(3);
  private static final Duration CHECK_LIMIT = Duration.ofSeconds(5);

  /**
   * Half a minute. Lanes that leave come back as new members, and the old ones count until their
   * sessions end: a broker that restarts is not worth it.
   */
  private static final int BROKER_FAILURES = 4;

  private final WorkerConfig settings;
  private final Endpoints endpoints;
  private final S3ObjectStore bucket;
  private final ObjectStore store;
  private final Instrumentation observers;
  private final EventPublisher events;
  private volatile @Nullable ControlTopic control;
  private volatile @Nullable KafkaCluster cluster;
  private volatile @Nullable ConnectionMonitor brokerMonitor;
  private volatile @Nullable ConnectionMonitor storeMonitor;

  /** Failed checks in a row; written by the monitor's thread. */
  private volatile int brokerFailures;

  /** Does not connect yet. */
  public Connections(WorkerConfig settings, Endpoints endpoints) {
    this(settings, endpoints, Instrumentation.none());
  }

  /**
   * @param observers instrument the store and the events
   */
  public Connections(WorkerConfig settings, Endpoints endpoints, Instrumentation observers) {
    this.observers = observers;
    this.settings = settings;
    this.endpoints = endpoints;
    this.bucket = new S3ObjectStore(endpoints.s3());
    this.store = observers.store(bucket);
    this.events =
        observers.events(
            new KafkaEvents(endpoints.kafka(), "s3://" + endpoints.s3().bucket() + "/"));
  }

  public ObjectStore store() {
    return store;
  }

  /** A link to an object for clients without credentials. */
  String link(String key, Duration validity) {
    return bucket.presignedUrl(key, validity);
  }

  Instrumentation observers() {
    return observers;
  }

  public EventPublisher events() {
    return events;
  }

  public KafkaSettings kafka() {
    return endpoints.kafka();
  }

  public boolean cancelled(String jobId) {
    ControlTopic topic = control;
    return topic != null && topic.isCancelled(jobId);
  }

  boolean paused(String topic) {
    ControlTopic read = control;
    return read != null && read.paused(topic);
  }

  /**
   * Whether lanes take no requests of a topic: it is paused, or the store is unusable, so that
   * deliveries would be used up in vain, or the broker is. Kafka's share consumers poll without a
   * pause while no broker answers: those of all lanes would keep the processors busy.
   */
  boolean heldBack(String topic) {
    ConnectionMonitor monitor = storeMonitor;
    return paused(topic)
        || brokerFailures >= BROKER_FAILURES
        || (monitor != null && monitor.problem().isPresent());
  }

  /** Why broker or store cannot be used at present, in one sentence; empty if they can. */
  Optional<String> problem() {
    return Stream.of(Optional.ofNullable(storeMonitor), Optional.ofNullable(brokerMonitor))
        .flatMap(Optional::stream)
        .flatMap(monitor -> monitor.problem().stream())
        .findFirst();
  }

  /**
   * Checks broker and store periodically from now on.
   *
   * @param lanes why no lane takes requests
   */
  void monitor(Supplier<Optional<String>> lanes) {
    KafkaCluster checked = new KafkaCluster(endpoints.kafka(), CHECK_LIMIT);
    cluster = checked;
    brokerMonitor =
        new ConnectionMonitor("broker", CHECK_PERIOD, () -> brokerProblem(checked).or(lanes));
    storeMonitor = new ConnectionMonitor("store", CHECK_PERIOD, bucket::problem);
  }

  private Optional<String> brokerProblem(KafkaCluster checked) {
    Optional<String> found = problem(checked);
    brokerFailures = found.isEmpty() ? 0 : brokerFailures + 1;
    return found;
  }

  private Optional<String> problem(KafkaCluster of) {
    Topics topics = endpoints.kafka().topics();
    Set<String> read = new HashSet<>(requestTopics());
    read.add(topics.control());
    Set<String> written = new HashSet<>(requestTopics());
    written.addAll(List.of(topics.events(), topics.deadLetters()));
    if (settings.roles().contains(WorkerRole.CONTROL)) {
      read.add(topics.events());
    }
    return of.problem(settings.queue(), read, written);
  }

  private List<String> requestTopics() {
    boolean all = settings.roles().contains(WorkerRole.CONTROL);
    return Stream.of(WorkerRole.GENERATION, WorkerRole.TRAINING)
        .filter(kind -> all || settings.roles().contains(kind))
        .flatMap(kind -> topics(kind).stream())
        .toList();
  }

  /** The request topics of a kind of job, of all priorities in use, highest first. */
  List<String> topics(WorkerRole kind) {
    Topics topics = endpoints.kafka().topics();
    String requests =
        kind == WorkerRole.TRAINING ? topics.trainingRequests() : topics.generationRequests();
    return settings.priorityTopics() ? Topics.withPriorities(requests) : List.of(requests);
  }

  /** The request topics by kind of job. */
  Map<String, List<String>> topics() {
    return Stream.of(WorkerRole.GENERATION, WorkerRole.TRAINING)
        .collect(Collectors.toMap(WorkerRole::wireName, this::topics));
  }

  /**
   * Checks the store and creates topics and bucket where they are missing.
   *
   * @throws TransientException if broker or store do not answer
   * @throws InvalidInputException if the store does not honour conditional writes and the
   *     configuration requires them
   */
  public void prepare() {
    prepareStore();
    prepareTopics();
  }

  /** The store's part of {@link #prepare}. */
  void prepareStore() {
    bucket.ensureBucket();
    if (!bucket.probe().supported()) {
      String fault =
          endpoints.s3()
              + " ignores If-None-Match or If-Match, or refuses them: two workers could commit the"
              + " same job";
      if (settings.conditionalWrites() == WorkerConfig.ConditionalWrites.REQUIRED) {
        throw new InvalidInputException(
            "s3.endpoint",
            fault
                + "; use a store that honours conditional writes, or set"
                + " MEZZOTINT_CONDITIONAL_WRITES=optional to run without that promise");
      }
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}. MEZZOTINT_CONDITIONAL_WRITES=optional permits it.",
          fault);
    }
  }

  /** The broker's part of {@link #prepare}. */
  void prepareTopics() {
    try (KafkaCluster prepared = new KafkaCluster(endpoints.kafka())) {
      prepared.ensureTopics();
      prepared.ensureRequestTopics(requestTopics());
      problem(prepared)
          .ifPresent(
              problem -> {
                throw new TransientException(problem);
              });
    }
  }

  /**
   * Reads the control topic to its end, since a job may be cancelled before its request arrives.
   *
   * @param onCancel receives the id of every job whose cancellation is requested
   */
  void listen(Consumer<String> onCancel) {
    ControlTopic topic = new ControlTopic(endpoints.kafka(), onCancel);
    control = topic;
    try {
      if (!topic.awaitLoaded(CONTROL_LIMIT)) {
        throw new TransientException(
            "the control topic could not be read to its end in time"
                + topic.failure().map(why -> ": " + why).orElse(""));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while the control topic was read", e);
    }
  }

  private static void close(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) {
      LOG.log(System.Logger.Level.DEBUG, "closing failed", e);
    }
  }

  @Override
  public void close() {
    Stream.of(
            Optional.ofNullable(control),
            Optional.ofNullable(brokerMonitor),
            Optional.ofNullable(storeMonitor),
            Optional.ofNullable(cluster))
        .flatMap(Optional::stream)
        .forEach(Connections::close);
    events.close();
    bucket.close();
  }
}
