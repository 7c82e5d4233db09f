package dev.mezzotint.kafka;

import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.kafka.GroupLane.ActiveRecord;
import java.lang.System.Logger.Level;
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
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.jspecify.annotations.Nullable;

/**
 * Runs one consumer of a consumer group whose records are processed in several lanes.
 *
 * <ol>
 *   <li>The consumer polls continuously, with all partitions paused while no lane is free, so that
 *       jobs may take longer than {@code max.poll.interval.ms}.
 *   <li>Commits go up to the first unsettled record, so none is skipped. A partition with too many
 *       settled records behind an unsettled one is paused until that one is settled.
 *   <li>A successful commit proves that the partitions are still assigned, as a renewed lock does.
 *       There is one at least every third of the session timeout. If none succeeds within the
 *       timeout, the deliveries are fenced and the consumer is closed.
 *   <li>When a partition is assigned to another worker, its deliveries are fenced.
 *   <li>A released record is retried in this process. Before it has been tried as often as a share
 *       group would deliver it, it is republished at the end of its topic, so that one bad record
 *       does not block the commits of all others.
 * </ol>
 *
 * <p>Not safe for use by several threads, except {@link #lastPoll} and {@link #lastRenewal}.
 */
final class ConsumerGroupLoop implements ConsumerRebalanceListener {
  private static final System.Logger LOG = System.getLogger(ConsumerGroupLoop.class.getName());
  private static final Duration IDLE_POLL = Duration.ofMillis(50);
  private static final Duration PREFERRED_POLL = Duration.ofMillis(20);
  private static final long BUSY_MILLIS = 100;

  /** Short, so that an unavailable broker does not delay a shutdown. */
  private static final Duration COMMIT_LIMIT = Duration.ofSeconds(5);

  /** After a crash up to this many records are delivered again, most of them done. */
  private static final long REPLAYABLE_MAX = 500;

  private final Consumer<byte[], byte[]> consumer;
  private final List<GroupLane> lanes;
  private final LaneSchedule schedule;
  private final Predicate<String> paused;
  private final DeliveryHandler handler;
  private final RecordRepublisher republisher;
  private final QueueMetrics metrics;
  private final BooleanSupplier stopping;
  private final Runnable joined;
  private final long leaseNanos;
  private final Duration commitLimit;
  private final Map<TopicPartition, PartitionProgress> partitions = new HashMap<>();
  private final Semaphore ended = new Semaphore(0);
  private long leasedSince = System.nanoTime();
  private volatile @Nullable Instant lastPoll;
  private volatile @Nullable Instant lastRenewal;

  /**
   * @param consumer one record a poll, no automatic commit; closed by the caller
   * @param lanes idle, or finishing the fenced record of an earlier loop
   * @param joined called after each poll as a member of the group
   * @param lease the session timeout, after which the group reassigns the partitions
   */
  ConsumerGroupLoop(
      Consumer<byte[], byte[]> consumer,
      List<GroupLane> lanes,
      LaneSchedule schedule,
      Predicate<String> paused,
      DeliveryHandler handler,
      RecordRepublisher republisher,
      QueueMetrics metrics,
      BooleanSupplier stopping,
      Runnable joined,
      Duration lease) {
    this.consumer = consumer;
    this.lanes = lanes;
    this.schedule = schedule;
    this.paused = paused;
    this.handler = handler;
    this.republisher = republisher;
    this.metrics = metrics;
    this.stopping = stopping;
    this.joined = joined;
    this.leaseNanos = lease.toNanos();
    this.commitLimit = Duration.ofNanos(Math.min(leaseNanos / 3, COMMIT_LIMIT.toNanos()));
  }

  /**
   * Returns when the queue is stopping, all records in progress have ended and the settled ones are
   * committed, or when the group may have reassigned the partitions.
   *
   * @throws KafkaException if the consumer cannot continue
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
      boolean leaseFresh = System.nanoTime() - leasedSince < leaseNanos / 2;
      if (free.isPresent() && leaseFresh && !stopping.getAsBoolean()) {
        fill(free.get());
      } else {
        // Each delivery that ends releases a permit.
        boolean unused = ended.tryAcquire(BUSY_MILLIS, TimeUnit.MILLISECONDS);
        ended.drainPermits();
        poll(null, topic -> false, Duration.ZERO);
      }
    }
  }

  /** Polls one record for an idle lane, preferably of the topic that its schedule puts first. */
  private void fill(GroupLane lane) {
    String preferred = schedule.order(lane.number(), System.nanoTime()).get(0);
    if (schedule.topics().size() == 1 || !poll(lane, preferred::equals, PREFERRED_POLL)) {
      poll(lane, topic -> true, IDLE_POLL);
    }
  }

  /** Returns whether the lane got a record. */
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
    if (consumer.groupMetadata().generationId() >= 0) {
      joined.run();
    }
    partitions.forEach(this::skip);
    return taken;
  }

  /** Passes over what is not delivered: aborted records, and the markers of transactions. */
  private void skip(TopicPartition partition, PartitionProgress progress) {
    if (progress.idle()) {
      try {
        progress.skipTo(consumer.position(partition, Duration.ZERO));
      } catch (org.apache.kafka.common.errors.TimeoutException e) {
        LOG.log(Level.DEBUG, "the position in {0} is not known yet", partition);
      }
    }
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
    HandlerRun run =
        new HandlerRun(
            HandlerRun.delivery(record, count),
            handler,
            republisher.releaseDelayMillis(),
            "mezzotint-job-" + lane.number(),
            ended::release);
    run.delivery().holdUntil(leasedSince + leaseNanos);
    lane.take(new ActiveRecord(record, run, progress));
  }

  /** Settles, retries or republishes the record of a run that has ended. */
  private void settle(GroupLane lane) {
    ActiveRecord held = lane.active().orElse(null);
    if (held == null || !held.run().awaitMillis(0)) {
      return;
    }
    lane.free();
    long offset = held.record().offset();
    int count = held.delivery().deliveryCount();
    if (held.delivery().fenced() || partitions.get(held.partition()) != held.progress()) {
      return; // reassigned, or will be fetched again
    }
    boolean shared = held.run().settlement() == Settlement.CONTINUE;
    if (held.run().settlement() == Settlement.ACCEPT || (shared && republished(held))) {
      held.progress().settle(offset);
    } else if (stopping.getAsBoolean()) {
      LOG.log(Level.DEBUG, "{0} was released and is not committed", held.delivery());
    } else if (count >= republisher.copyAt() - 1 && republished(held)) {
      held.progress().settle(offset);
    } else {
      begin(lane, held.record(), held.progress(), count + 1);
    }
  }

  private boolean republished(ActiveRecord held) {
    return republisher.publish(held.record(), held.delivery());
  }

  /** Commits settled records; also proves that the partitions are still assigned. */
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
      leasedSince = now; // no record in progress, so none can be lost
      return;
    }
    try {
      commit(offsets);
    } catch (RebalanceInProgressException e) {
      LOG.log(Level.DEBUG, "the group is rebalancing", e); // the next poll joins it
      return;
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      LOG.log(Level.WARNING, "A commit failed and will be retried: {0}", e.getMessage());
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

  private void commit(Map<TopicPartition, Long> offsets) {
    Map<TopicPartition, OffsetAndMetadata> wire = new HashMap<>();
    offsets.forEach((partition, offset) -> wire.put(partition, new OffsetAndMetadata(offset)));
    if (wire.isEmpty()) {
      return;
    }
    consumer.commitSync(wire, commitLimit);
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
      LOG.log(
          Level.WARNING,
          "No successful commit within the session timeout; abandoning all records in progress");
      return true;
    }
    return false;
  }

  /** Fences all deliveries in progress: they have no further effect. */
  void fenceAll() {
    lanes.forEach(lane -> lane.active().ifPresent(this::fence));
    partitions.clear();
  }

  private void fence(ActiveRecord held) {
    if (!held.delivery().fenced()) {
      LOG.log(Level.WARNING, "Lost the lease on {0}; stopping the attempt.", held.delivery());
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
      commit(offsets);
    } catch (KafkaException e) {
      LOG.log(Level.DEBUG, "settled records could not be committed and will be redelivered", e);
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
            "The partition of {0} was reassigned; stopping the attempt.",
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
