package dev.mezzotint.kafka;

import dev.mezzotint.job.DeliveryHandler;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A request queue on a Kafka share group (Kafka 4.2 or newer), with a fixed number of lanes of one
 * record each.
 *
 * <p>A share consumer returns no new record while one of its records is unfinished, so each lane
 * has a consumer and as many jobs run concurrently as there are lanes. Safe for use by several
 * threads.
 */
public final class ShareGroupQueue implements RequestQueue {
  private static final System.Logger LOG = System.getLogger(ShareGroupQueue.class.getName());
  private static final Duration FIRST_FETCH_MARGIN = Duration.ofMillis(700);
  private static final Duration END_LIMIT = Duration.ofSeconds(6);

  private final KafkaSettings settings;
  private final List<String> topics;
  private final int laneCount;
  private final DeliveryHandler handler;
  private final Predicate<String> paused;
  private final RetryTiming timing;
  private final Function<Map<String, Object>, ShareConsumer<byte[], byte[]>> opener;
  private final List<ShareGroupLane> lanes = new CopyOnWriteArrayList<>();
  private final QueueMetrics metrics = new QueueMetrics();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private @Nullable RecordSender sender;
  private @Nullable LagPoller lagPoller;

  ShareGroupQueue(
      KafkaSettings settings,
      List<String> topics,
      int laneCount,
      DeliveryHandler handler,
      Predicate<String> paused,
      RetryTiming timing,
      Function<Map<String, Object>, ShareConsumer<byte[], byte[]>> opener) {
    if (laneCount < 1) {
      throw new IllegalArgumentException("a queue needs at least one lane, not " + laneCount);
    }
    this.settings = settings;
    this.topics = List.copyOf(topics);
    this.laneCount = laneCount;
    this.handler = handler;
    this.paused = paused;
    this.timing = timing;
    this.opener = opener;
  }

  @Override
  public synchronized void start() {
    if (!lanes.isEmpty()) {
      throw new IllegalStateException("the queue has already been started");
    }
    int deliveryLimit;
    Duration firstFetchLimit;
    try (KafkaCluster cluster = new KafkaCluster(settings)) {
      cluster.ensureRequestTopics(topics);
      cluster.prepareGroup();
      cluster.checkGroupSize(laneCount);
      deliveryLimit = cluster.deliveryLimit();
      firstFetchLimit = cluster.heartbeatInterval().plus(FIRST_FETCH_MARGIN);
    }
    sender = new RecordSender(settings, settings.groupId() + "-resubmit");
    var republisher =
        RecordRepublisher.before(deliveryLimit, timing.releaseDelayMillis(), sender, metrics);
    TopicBacklogEstimate backlog = new TopicBacklogEstimate();
    TopicAssigner assigner =
        new TopicAssigner(new LaneSchedule(topics, laneCount, timing.turn()), backlog, paused);
    if (topics.size() > 1) {
      lagPoller = new LagPoller(settings, topics, backlog);
    }
    for (int number = 0; number < laneCount; number++) {
      Map<String, Object> config = consumerConfig(number);
      ShareGroupLane lane =
          new ShareGroupLane(
              settings,
              number,
              assigner,
              firstFetchLimit,
              () -> KafkaErrors.open(settings, () -> opener.apply(config)),
              handler,
              republisher,
              metrics,
              () -> lanes.stream().allMatch(ShareGroupLane::notFetching));
      Thread thread = new Thread(lane, "mezzotint-lane-" + number);
      thread.setDaemon(true);
      lanes.add(lane);
      threads.add(thread);
      thread.start();
    }
  }

  private Map<String, Object> consumerConfig(int number) {
    return settings.shareConsumer(
        settings.groupId() + "-" + number,
        Map.of(
            "group.id",
            settings.groupId(),
            "share.acknowledgement.mode",
            "explicit",
            "share.acquire.mode",
            "record_limit",
            "max.poll.records",
            1));
  }

  @Override
  public synchronized boolean drain(Duration limit) {
    lanes.forEach(ShareGroupLane::stop);
    boolean ended = joinAll(limit);
    if (!ended) {
      LOG.log(
          Level.WARNING,
          "Abandoning requests that did not stop within {0} s: {1}",
          limit.toSeconds(),
          inProgress());
      lanes.forEach(ShareGroupLane::abort);
      joinAll(END_LIMIT);
    }
    if (lagPoller != null) {
      lagPoller.close();
      lagPoller = null;
    }
    if (sender != null) {
      sender.close();
      sender = null;
    }
    return ended;
  }

  private boolean joinAll(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    boolean ended = true;
    try {
      for (Thread thread : threads) {
        long left = Duration.ofNanos(end - System.nanoTime()).toMillis();
        thread.join(Math.max(left, 1));
        ended &= !thread.isAlive();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    return ended;
  }

  @Override
  public List<LaneMetrics> lanes() {
    return lanes.stream().map(ShareGroupLane::metrics).toList();
  }

  @Override
  public int members() {
    return (int) lanes.stream().filter(lane -> lane.problem().isEmpty()).count();
  }

  @Override
  public QueueMetrics metrics() {
    return metrics;
  }

  @Override
  public Optional<String> problem() {
    Optional<String> problem = Optional.empty();
    for (ShareGroupLane lane : lanes) {
      problem = lane.problem();
      if (problem.isEmpty()) {
        break;
      }
    }
    return problem;
  }

  @Override
  public boolean alive() {
    return threads.stream().allMatch(Thread::isAlive);
  }
}
