package dev.mezzotint.worker;

import dev.mezzotint.generation.GenerationHandler;
import dev.mezzotint.generation.GenerationSettings;
import dev.mezzotint.generation.ModelLibrary;
import dev.mezzotint.generation.StepLoop;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.ControlTopic;
import dev.mezzotint.kafka.KafkaCluster;
import dev.mezzotint.kafka.KafkaEvents;
import dev.mezzotint.kafka.ShareGroupQueue;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.torch.TorchDevice;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One worker: lanes that take requests, the step loop that makes pictures, and what both need.
 * Started by {@link #start}; safe for use by many threads.
 *
 * <p>Ends in this order: not ready, no more requests, jobs in hand come to a boundary, pictures
 * being stored are stored, then device, events and store are closed. Broker and store outlive it.
 */
final class Worker implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Worker.class.getName());

  private static final Duration CONTROL_LIMIT = Duration.ofSeconds(30);

  private final Settings settings;
  private final S3ObjectStore store;
  private final KafkaEvents events;
  private final StepLoop loop;
  private final Endpoints endpoints;
  private volatile @Nullable ControlTopic control;
  private final ExecutorService encoders;
  private final ShareGroupQueue queue;
  private volatile boolean accepting;

  private Worker(
      Settings settings,
      Endpoints endpoints,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring) {
    this.settings = settings;
    this.endpoints = endpoints;
    this.store = new S3ObjectStore(endpoints.s3());
    this.events = new KafkaEvents(endpoints.kafka());
    ModelLibrary library =
        new ModelLibrary(
            TorchDevice.open(settings.device(), settings.threads()),
            new ModelFinder(settings, store)::named);
    this.loop = new StepLoop(library, settings.slots(), settings.residentModels());
    this.encoders = Executors.newFixedThreadPool(4, Worker::encoder);
    this.queue =
        new ShareGroupQueue(
            endpoints.kafka(),
            List.of(endpoints.kafka().topics().generationRequests()),
            settings.lanes(),
            wiring.apply(
                new GenerationHandler(
                    store,
                    loop,
                    events,
                    this::cancelled,
                    encoders,
                    GenerationSettings.of(settings.worker()).withClock(clock))));
  }

  private static Thread encoder(Runnable work) {
    Thread thread = new Thread(work, "encoder");
    thread.setDaemon(true);
    return thread;
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
    Worker worker = new Worker(settings, endpoints, clock, wiring);
    try {
      worker.store.ensureBucket();
      if (!worker.store.probe().honoured()) {
        throw new InvalidInputException(
            "s3.endpoint",
            endpoints.s3()
                + " ignores If-None-Match or If-Match: results could be written twice;"
                + " use a store that honours conditional writes");
      }
      try (KafkaCluster cluster = new KafkaCluster(endpoints.kafka())) {
        cluster.ensureTopics();
      }
      worker.listen();
      worker.queue.start();
      worker.accepting = true;
      LOG.log(
          System.Logger.Level.INFO,
          "Worker {0} takes requests from {1} at {2}, results go to bucket {3} at {4}",
          settings.worker(),
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

  /**
   * Cancellations are known before the first request is taken: one may have come before its job.
   */
  private void listen() {
    ControlTopic topic = new ControlTopic(endpoints.kafka());
    control = topic;
    try {
      if (!topic.awaitLoaded(CONTROL_LIMIT)) {
        throw new TransientException("the control topic could not be read to its end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while the control topic was read", e);
    }
  }

  private boolean cancelled(String jobId) {
    ControlTopic topic = control;
    return topic != null && topic.cancelled(jobId);
  }

  /** Takes requests. */
  boolean ready() {
    return accepting && live();
  }

  /** Its threads run; says nothing of how long a job takes. */
  boolean live() {
    return loop.alive() && (!accepting || queue.alive());
  }

  /** For metrics. */
  ShareGroupQueue queue() {
    return queue;
  }

  StepLoop loop() {
    return loop;
  }

  @Override
  public void close() {
    accepting = false;
    if (!queue.drain(settings.drain())) {
      LOG.log(System.Logger.Level.WARNING, "Jobs in hand were given up at shutdown");
    }
    encoders.shutdown();
    try {
      encoders.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    loop.close();
    ControlTopic topic = control;
    if (topic != null) {
      topic.close();
    }
    events.close();
    store.close();
  }
}
