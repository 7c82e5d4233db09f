package dev.mezzotint.kafka;

import dev.mezzotint.job.DeliveryHandler;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidSessionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A request queue on a Kafka consumer group, for clusters older than 4.2. One consumer feeds
 * several lanes, which may process records of the same partition concurrently.
 *
 * <p>At most as many workers receive requests as a topic has partitions. Safe for use by many
 * threads.
 */
public final class ConsumerGroupQueue implements RequestQueue {
  private static final System.Logger LOG = System.getLogger(ConsumerGroupQueue.class.getName());
  private static final Duration SESSION_DEFAULT = Duration.ofSeconds(45);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);
  private static final Duration END_LIMIT = Duration.ofSeconds(6);
  private static final long RECONNECT_MILLIS_MIN = 1_000;
  private static final long RECONNECT_MILLIS_MAX = 10_000;

  /** The default of share groups, so that handlers see the same delivery counts. */
  private static final int TRIES = 5;

  private final KafkaSettings settings;
  private final LaneSchedule schedule;
  private final DeliveryHandler handler;
  private final Predicate<String> paused;
  private final RetryTiming timing;
  private final Function<Map<String, Object>, Consumer<byte[], byte[]>> opener;
  private final List<GroupLane> lanes;
  private final QueueMetrics metrics = new QueueMetrics();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "mezzotint-poll");
  private volatile @Nullable ConsumerGroupLoop loop;
  private volatile Duration session;
  private volatile @Nullable String problem;
  private @Nullable RecordSender sender;

  ConsumerGroupQueue(
      KafkaSettings settings,
      List<String> topics,
      int lanes,
      DeliveryHandler handler,
      Predicate<String> paused,
      RetryTiming timing,
      Function<Map<String, Object>, Consumer<byte[], byte[]>> opener) {
    if (lanes < 1) {
      throw new IllegalArgumentException("a queue needs at least one lane, not " + lanes);
    }
    this.settings = settings;
    this.schedule = new LaneSchedule(topics, lanes, timing.turn());
    this.handler = handler;
    this.paused = paused;
    this.timing = timing;
    this.opener = opener;
    this.lanes = IntStream.range(0, lanes).mapToObj(GroupLane::new).toList();
    this.problem = "group " + settings.groupId() + " has not been joined yet";
    this.session = settings.lockDuration().orElse(SESSION_DEFAULT);
    this.thread.setDaemon(true);
  }

  @Override
  public synchronized void start() {
    if (sender != null) {
      throw new IllegalStateException("the queue has already been started");
    }
    try (KafkaCluster cluster = new KafkaCluster(settings)) {
      cluster.ensureRequestTopics(schedule.topics());
    }
    sender = new RecordSender(settings, settings.groupId() + "-resubmit");
    thread.start();
  }

  private void run() {
    try {
      long again = RECONNECT_MILLIS_MIN;
      while (stopped.getCount() > 0) {
        if (!consume()) {
          again = problem == null ? RECONNECT_MILLIS_MIN : again;
          boolean unused = stopped.await(again, TimeUnit.MILLISECONDS);
          again = Math.min(2 * again, RECONNECT_MILLIS_MAX);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns true if the loop ended because the queue is stopping. */
  private boolean consume() throws InterruptedException {
    Consumer<byte[], byte[]> consumer;
    try {
      consumer = KafkaErrors.open(settings, () -> opener.apply(config()));
    } catch (RuntimeException e) {
      failed(e);
      return false;
    }
    ConsumerGroupLoop running =
        new ConsumerGroupLoop(
            consumer,
            lanes,
            schedule,
            paused,
            handler,
            RecordRepublisher.before(
                TRIES,
                timing.releaseDelayMillis(),
                java.util.Objects.requireNonNull(sender),
                metrics),
            metrics,
            () -> stopped.getCount() == 0,
            () -> problem = null,
            session);
    loop = running;
    try {
      running.run();
      return true;
    } catch (InvalidSessionTimeoutException e) {
      LOG.log(
          Level.WARNING,
          "The brokers do not allow a session timeout of {0}; {1} is used. See"
              + " group.min.session.timeout.ms and MEZZOTINT_LOCK_SECONDS.",
          session,
          SESSION_DEFAULT);
      session = SESSION_DEFAULT;
    } catch (KafkaException e) {
      failed(KafkaErrors.failure(settings, e));
    } catch (RuntimeException | Error e) {
      problem = "the consumer failed: " + e;
      LOG.log(Level.ERROR, "The consumer failed and is restarting", e);
    } finally {
      running.fenceAll();
      close(consumer);
    }
    return false;
  }

  private void failed(RuntimeException e) {
    problem = KafkaErrors.message(e);
    LOG.log(Level.WARNING, "The consumer failed and is restarting: {0}", problem);
  }

  private static void close(Consumer<byte[], byte[]> consumer) {
    try {
      consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(CLOSE_LIMIT));
    } catch (RuntimeException e) {
      LOG.log(Level.DEBUG, "closing a consumer failed", e);
    }
  }

  private Map<String, Object> config() {
    Map<String, Object> own = new HashMap<>(Map.of("group.id", settings.groupId()));
    // One member for each role of this process.
    String instance = settings.properties().get("group.instance.id");
    if (instance != null) {
      own.put("group.instance.id", instance + "-" + schedule.topics().get(0));
    }
    Map<String, Object> config = settings.consumer(settings.groupId() + "-consumer", own);
    config.remove("group.remote.assignor");
    config.put("group.protocol", "classic");
    config.put("max.poll.records", 1);
    config.put("session.timeout.ms", (int) session.toMillis());
    config.put("heartbeat.interval.ms", (int) session.toMillis() / 3);
    config.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
    return config;
  }

  @Override
  public synchronized boolean drain(Duration limit) {
    stopped.countDown();
    lanes.forEach(lane -> lane.active().ifPresent(held -> held.delivery().drain()));
    boolean ended = join(limit);
    if (!ended) {
      LOG.log(
          Level.WARNING,
          "Abandoning requests that did not stop within {0} s: {1}",
          limit.toSeconds(),
          inProgress());
      lanes.forEach(lane -> lane.active().ifPresent(GroupLane.ActiveRecord::abort));
      join(END_LIMIT);
    }
    if (sender != null) {
      sender.close();
      sender = null;
    }
    return ended;
  }

  private boolean join(Duration limit) {
    try {
      thread.join(Math.max(limit.toMillis(), 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    return !thread.isAlive();
  }

  @Override
  public List<LaneMetrics> lanes() {
    ConsumerGroupLoop running = loop;
    Instant poll = running == null ? null : running.lastPoll();
    Instant renewal = running == null ? null : running.lastRenewal();
    return lanes.stream().map(lane -> lane.metrics(poll, renewal)).toList();
  }

  @Override
  public QueueMetrics metrics() {
    return metrics;
  }

  @Override
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  @Override
  public boolean alive() {
    return thread.isAlive();
  }
}
