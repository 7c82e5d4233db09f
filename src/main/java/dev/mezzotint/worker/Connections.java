package dev.mezzotint.worker;

import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.ControlTopic;
import dev.mezzotint.kafka.KafkaCluster;
import dev.mezzotint.kafka.KafkaEvents;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.ObjectStore;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The store, the event publisher and the control topic, shared by all roles of a worker. */
public final class Connections implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Connections.class.getName());
  private static final Duration CONTROL_LIMIT = Duration.ofSeconds(30);

  private final WorkerConfig settings;
  private final Endpoints endpoints;
  private final S3ObjectStore bucket;
  private final ObjectStore store;
  private final Instrumentation observers;
  private final EventPublisher events;
  private volatile @Nullable ControlTopic control;

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
              + " ignores If-None-Match or If-Match: two workers could commit the same job";
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
    try (KafkaCluster cluster = new KafkaCluster(endpoints.kafka())) {
      cluster.ensureTopics();
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
        throw new TransientException("the control topic could not be read to its end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while the control topic was read", e);
    }
  }

  @Override
  public void close() {
    ControlTopic topic = control;
    if (topic != null) {
      topic.close();
    }
    events.close();
    bucket.close();
  }
}
