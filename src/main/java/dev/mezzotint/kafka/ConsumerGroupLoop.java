package dev.mezzotint.kafka;

import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.kafka.GroupLane.ActiveRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/**
 * The life of one consumer of a consumer group, whose records are worked on in several lanes.
 *
 * <ol>
 *   <li>It polls all the time, with everything paused while no lane is free, so that jobs may be
 *       longer than {@code max.poll.interval.ms}.
 *   <li>Commits go up to the first record that is not settled, so none is passed over. A partition
 *       with too much settled behind a record that is not gives no more until that one is done.
 *   <li>A commit proves that the partitions are still ours, as a renewed lock does: one is made at
 *       least every third of the session timeout. When none has succeeded for a whole one, the
 *       deliveries are fenced and the consumer is given up.
 *   <li>A partition that goes to another worker takes its deliveries with it: they are fenced.
 *   <li>A released record is tried again here. Before it has been tried as often as a share group
 *       would deliver it, it goes to the end of its topic, so that one bad record does not keep all
 *       others from being committed.
 * </ol>
 *
 * <p>Not safe for use by several threads, but for {@link #lastPoll} and {@link #lastRenewal}.
 */
final class ConsumerGroupLoop implements ConsumerRebalanceListener {
  private static final Logger LOG = Logger.getLogger(ConsumerGroupLoop.class.getName());
  private static final Duration IDLE_POLL = Duration.ofMillis(50);
  private static final Duration PREFERRED_POLL = Duration.ofMillis(20);
  private static final long BUSY_MILLIS = 100;

  /** Short, so that a shutdown is not held up by a broker that is away. */
  private static final Duration COMMIT_LIMIT = Duration.ofSeconds(5);

  /** A crash makes as many records be delivered again, most of them done. */
  private static final long REPLAYABLE_MAX = 500;

  private final Consumer<byte[], byte[]> consumer;
  private final List<GroupLane> lanes;
  private final LaneSchedule schedule;
  private final Predicate<String> paused;
  private final DeliveryHandler handler;
  private final RecordRepublisher republisher;
  private final QueueMetrics metrics;
  private final BooleanSupplier stopping;
  private final long leaseNanos;
  private final Duration commitLimit;
  private final Map<TopicPartition, PartitionProgress> partitions = new HashMap<>();
  private final Semaphore ended = new Semaphore(0);
  private long leasedSince = System.nanoTime();
  private volatile @Nullable Instant lastPoll;
  private volatile @Nullable Instant lastRenewal;

  /**
   * @param consumer one record a poll, no automatic commit; closed by the caller
   * @param lanes free, or winding down what an earlier loop left
   * @param lease the session timeout: after it the group gives partitions to others
   */
  ConsumerGroupLoop(
      Consumer<byte[], byte[]> consumer,
      List<GroupLane> lanes,
      LaneSchedule rota,
      Predicate<String> paused,
      DeliveryHandler handler,
      RecordRepublisher resubmission,
      QueueMetrics tally,
      BooleanSupplier stopping,
      Duration lease) {
    this.consumer = consumer;
    this.lanes = lanes;
    this.schedule = rota;
    this.paused = paused;
    this.handler = handler;
    this.republisher = resubmission;
    this.metrics = tally;
    this.stopping = stopping;
    this.leaseNanos = lease.toNanos();
    this.commitLimit = Duration.ofNanos(Math.min(leaseNanos / 3, COMMIT_LIMIT.toNanos()));
  }

  /**
   * Returns when the queue stops and everything in hand has ended and what is done is committed, or
   * when the group may have given our partitions away.
   *
   * @throws KafkaException if the consumer cannot go on
   */
  void run() throws InterruptedException {
    consumer.subscribe(schedule.topics(), this);
    while (true) {
      lanes.forEach(this::settle);
      commit();
      if (leaseExpired()) {
        fenceAll();
        return;
      }
      if (stopping.getAsBoolean()) {
        if (lanes.stream().allMatch(lane -> lane.active().isEmpty())) {
          return;
        }
        lanes.forEach(lane -> lane.active().ifPresent(held -> held.delivery().drain()));
      }
      Optional<GroupLane> free = lanes.stream().filter(lane -> lane.active().isEmpty()).findFirst();
      boolean sure = System.nanoTime() - leasedSince < leaseNanos / 2;
      if (free.isPresent() && sure && !stopping.getAsBoolean()) {
        fill(free.get());
      } else {
        // Every delivery's end gives a permit.
        boolean unused = ended.tryAcquire(BUSY_MILLIS, TimeUnit.MILLISECONDS);
        ended.drainPermits();
        poll(null, topic -> false, Duration.ZERO);
      }
    }
  }

  /** One record for a free lane, of the topic that it serves first, or else of any. */
  private void fill(GroupLane lane) {
    String wish = schedule.order(lane.number(), System.nanoTime()).get(0);
    if (schedule.topics().size() == 1 || !poll(lane, wish::equals, PREFERRED_POLL)) {
      poll(lane, topic -> true, IDLE_POLL);
    }
  }

  /** True if the lane has got a record. */
  private boolean poll(@Nullable GroupLane lane, Predicate<String> wanted, Duration limit) {
    for (TopicPartition partition : consumer.assignment()) {
      PartitionProgress progress = partitions.get(partition);
      boolean open =
          progress != null
              && progress.replayable() < REPLAYABLE_MAX
              && wanted.test(partition.topic())
              && !paused.test(partition.topic());
      if (open) {
        consumer.resume(List.of(partition));
      } else {
        consumer.pause(List.of(partition));
      }
    }
    boolean taken = false;
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(limit)) {
      take(java.util.Objects.requireNonNull(lane, "all is paused"), record);
      taken = true;
    }
    lastPoll = Instant.now();
    return taken;
  }

  private void take(GroupLane lane, ConsumerRecord<byte[], byte[]> record) {
    PartitionProgress progress =
        partitions.computeIfAbsent(
            new TopicPartition(record.topic(), record.partition()), p -> new PartitionProgress());
    progress.add(record.offset());
    begin(lane, record, progress, 1);
  }

  private void begin(
      GroupLane lane,
      ConsumerRecord<byte[], byte[]> record,
      PartitionProgress progress,
      int count) {
    HandlerRun attempt =
        new HandlerRun(
            HandlerRun.delivery(record, count),
            handler,
            republisher.releaseDelayMillis(),
            "mezzotint-job-" + lane.number(),
            ended::release);
    attempt.delivery().holdUntil(leasedSince + leaseNanos);
    lane.take(new ActiveRecord(record, attempt, progress));
  }

  /** Draws the conclusion of an attempt that has ended. */
  private void settle(GroupLane lane) {
    ActiveRecord held = lane.active().orElse(null);
    if (held == null || !held.run().awaitMillis(0)) {
      return;
    }
    lane.free();
    long offset = held.record().offset();
    int count = held.delivery().deliveryCount();
    if (held.delivery().fenced() || partitions.get(held.partition()) != held.progress()) {
      return; // no more ours, or to be fetched again
    }
    boolean shared = held.run().settlement() == Settlement.CONTINUE;
    if (held.run().settlement() == Settlement.ACCEPT || (shared && republished(held))) {
      held.progress().settle(offset);
    } else if (stopping.getAsBoolean()) {
      LOG.log(Level.FINE, "{0} is not committed: handed back", held.delivery());
    } else if (count >= republisher.copyAt() - 1 && republished(held)) {
      held.progress().settle(offset);
    } else {
      begin(lane, held.record(), held.progress(), count + 1);
    }
  }

  private boolean republished(ActiveRecord held) {
    try {
      republisher.publish(held.record());
      return true;
    } catch (TransientException | RecordTooLargeException e) {
      LOG.log(
          Level.WARNING,
          "Could not publish a copy of {0}: {1}",
          new Object[] {held.delivery(), e.toString()});
      return false;
    }
  }

  /** What is settled, and proof that the partitions are ours. */
  private void commit() {
    boolean moved = partitions.values().stream().anyMatch(PartitionProgress::moved);
    long now = System.nanoTime();
    if (!moved && now - leasedSince < leaseNanos / 3) {
      return;
    }
    Map<TopicPartition, Long> offsets = new HashMap<>();
    partitions.forEach(
        (partition, progress) -> {
          if (progress.committable() >= 0) {
            offsets.put(partition, progress.committable());
          }
        });
    if (offsets.isEmpty()) {
      leasedSince = now; // nothing is held, so nothing can be lost
      return;
    }
    try {
      commit(offsets, commitLimit);
    } catch (RebalanceInProgressException e) {
      LOG.log(Level.FINE, "the group is being reordered", e); // the next poll takes part in it
      return;
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      LOG.log(Level.WARNING, "A commit failed and is tried again: {0}", e.getMessage());
      metrics.recordRenewal(false);
      return;
    }
    leasedSince = now;
    lastRenewal = Instant.now();
    metrics.recordRenewal(true);
    lanes.forEach(
        lane ->
            lane.active()
                .filter(held -> partitions.get(held.partition()) == held.progress())
                .ifPresent(held -> held.delivery().holdUntil(now + leaseNanos)));
  }

  private void commit(Map<TopicPartition, Long> offsets, Duration limit) {
    Map<TopicPartition, OffsetAndMetadata> wire = new HashMap<>();
    offsets.forEach((partition, offset) -> wire.put(partition, new OffsetAndMetadata(offset)));
    if (wire.isEmpty()) {
      return;
    }
    consumer.commitSync(wire, limit);
    offsets.forEach(
        (partition, offset) -> {
          PartitionProgress progress = partitions.get(partition);
          if (progress != null) {
            progress.committed(offset);
          }
        });
  }

  private boolean leaseExpired() {
    boolean holds = lanes.stream().anyMatch(lane -> lane.active().isPresent());
    if (holds && System.nanoTime() - leasedSince > leaseNanos) {
      LOG.log(Level.WARNING, "No commit for a whole session: what is in hand is given up");
      return true;
    }
    return false;
  }

  /** Nothing in hand may have any more effect. */
  void fenceAll() {
    lanes.forEach(lane -> lane.active().ifPresent(this::fence));
    partitions.clear();
  }

  private void fence(ActiveRecord held) {
    if (!held.delivery().fenced()) {
      LOG.log(Level.WARNING, "Lost the lease on {0}; the attempt stops.", held.delivery());
      held.delivery().fence();
      metrics.recordFenced();
    }
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
    assigned.forEach(partition -> partitions.put(partition, new PartitionProgress()));
    consumer.pause(assigned);
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
    Map<TopicPartition, Long> offsets = new HashMap<>();
    for (TopicPartition partition : revoked) {
      PartitionProgress progress = partitions.get(partition);
      if (progress != null && progress.moved()) {
        offsets.put(partition, progress.committable());
      }
    }
    try {
      commit(offsets, commitLimit);
    } catch (KafkaException e) {
      LOG.log(Level.FINE, "what is done will be delivered once more", e);
    }
    onPartitionsLost(revoked);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> lost) {
    for (GroupLane lane : lanes) {
      Optional<ActiveRecord> held = lane.active().filter(h -> lost.contains(h.partition()));
      if (held.isPresent()) {
        fence(held.get());
        LOG.log(
            Level.WARNING,
            "Another worker has the partition of {0}; the attempt stops.",
            held.get().delivery());
      }
    }
    lost.forEach(partitions::remove);
  }

  @Nullable Instant lastPoll() {
    return lastPoll;
  }

  @Nullable Instant lastRenewal() {
    return lastRenewal;
  }
}
