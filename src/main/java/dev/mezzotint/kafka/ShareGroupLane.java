package dev.mezzotint.kafka;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.TransientException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * A thread with one share consumer that holds at most one record. All delivery rules of share
 * groups are here.
 *
 * <ol>
 *   <li>A record is handled on a thread of its own, while the lane renews the record's lock after a
 *       third of its duration.
 *   <li>If a renewal fails, another worker may have the record: the delivery is fenced, nothing is
 *       acknowledged, and the lane restarts with a new consumer.
 *   <li>The broker drops a record after its last permitted delivery. Therefore a record is not
 *       processed in the last two deliveries, nor released in the one before: a copy is published
 *       and the record accepted. Two, since a worker may die before its copy is durable. A job that
 *       is to continue later continues as such a copy, too.
 *   <li>During shutdown, records are released only after the idle lanes of this process have
 *       closed, since their last fetches would use up deliveries.
 *   <li>A release is delayed, since the broker redelivers immediately and would use up all
 *       deliveries within milliseconds.
 * </ol>
 *
 * <p>{@link #stop}, {@link #abort} and {@link #metrics} may be called from any thread.
 */
final class ShareGroupLane implements Runnable {
  private static final System.Logger LOG = System.getLogger(ShareGroupLane.class.getName());
  private static final Duration IDLE_POLL = Duration.ofMillis(500);
  private static final long PAUSED_MILLIS = 250;
  private static final long NO_FETCH_MILLIS_MAX = 3_000;
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);
  private static final long RECONNECT_MILLIS_MIN = 250;

  /** A place that becomes free in a full group is taken within this time and one heartbeat. */
  private static final long RECONNECT_MILLIS_MAX = 4_000;

  private static final long ABORT_CHECK_MILLIS = 200;
  private static final Duration ABORT_LIMIT = Duration.ofSeconds(2);

  private final KafkaSettings settings;
  private final int number;
  private final TopicAssigner assigner;
  private final long firstFetchNanos;
  private final Supplier<ShareConsumer<byte[], byte[]>> consumers;
  private final DeliveryHandler handler;
  private final RecordRepublisher republisher;
  private final QueueMetrics queueMetrics;
  private final BooleanSupplier noLaneFetching;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final CountDownLatch aborted = new CountDownLatch(1);
  private volatile boolean fetching;
  private volatile @Nullable String problem;
  private volatile @Nullable Delivery current;
  private volatile @Nullable Instant lastPoll;
  private volatile @Nullable Instant lastRenewal;

  /**
   * @param assigner decides which topic to read, and when to switch
   * @param firstFetchLimit how long a new consumer of a topic may take to receive its first record
   * @param consumers opens a consumer with explicit acknowledgement, one record per poll, strict
   *     {@code record_limit}; the lane closes it
   * @param noLaneFetching whether no lane of this process is fetching
   */
  ShareGroupLane(
      KafkaSettings settings,
      int number,
      TopicAssigner assigner,
      Duration firstFetchLimit,
      Supplier<ShareConsumer<byte[], byte[]>> consumers,
      DeliveryHandler handler,
      RecordRepublisher republisher,
      QueueMetrics queueMetrics,
      BooleanSupplier noLaneFetching) {
    this.settings = settings;
    this.problem = "group " + settings.groupId() + " has not been joined yet";
    this.noLaneFetching = noLaneFetching;
    this.number = number;
    this.assigner = assigner;
    this.firstFetchNanos = firstFetchLimit.toNanos();
    this.consumers = consumers;
    this.handler = handler;
    this.republisher = republisher;
    this.queueMetrics = queueMetrics;
  }

  @Override
  public void run() {
    long pause = RECONNECT_MILLIS_MIN;
    while (!stopping()) {
      Optional<String> topic = assigner.assign(number, System.nanoTime());
      if (topic.isEmpty()) {
        problem = null;
        awaitStop(PAUSED_MILLIS);
        continue;
      }
      pause = Math.min(pause * 2, RECONNECT_MILLIS_MAX);
      boolean moving = false;
      ShareConsumer<byte[], byte[]> consumer = null;
      try {
        fetching = true;
        consumer = consumers.get();
        consumer.subscribe(List.of(topic.get()));
        moving = consume(consumer, topic.get());
        pause = RECONNECT_MILLIS_MIN;
      } catch (KafkaException | TransientException e) {
        problem = KafkaErrors.message(KafkaErrors.failure(settings, e));
        // The same text for all lanes, so that the log has it once.
        LOG.log(Level.WARNING, "A lane failed and is restarting: {0}", problem);
      } catch (RuntimeException | Error e) {
        problem = "a lane failed: " + e;
        LOG.log(Level.ERROR, "A lane failed and is restarting", e);
      } finally {
        close(consumer);
        fetching = false;
      }
      if (!moving) {
        awaitStop(ThreadLocalRandom.current().nextLong(pause / 2, pause + 1));
      }
    }
  }

  private static void close(@Nullable ShareConsumer<byte[], byte[]> consumer) {
    if (consumer == null) {
      return;
    }
    try {
      consumer.close(CLOSE_LIMIT);
    } catch (RuntimeException e) {
      LOG.log(Level.DEBUG, "closing a consumer failed", e);
    }
  }

  /**
   * @return true if the lane stops or switches to another topic; false if the consumer's state of
   *     its record is no longer reliable
   */
  private boolean consume(ShareConsumer<byte[], byte[]> consumer, String topic) {
    long since = System.nanoTime();
    boolean settled = false;
    while (true) {
      // Set before the check: a thread that stops this lane either sees it or is seen by the check.
      fetching = true;
      if (stopping() || assigner.paused(topic)) {
        return true;
      }
      long now = System.nanoTime();
      boolean fetchedNothing = now - since > firstFetchNanos;
      if (fetchedNothing) {
        assigner.recordEmpty(number, topic, now);
        since = now;
      }
      // Nothing is being fetched between a settled record and the next poll: switch here.
      if ((settled || fetchedNothing) && !assigner.assign(number, now).equals(Optional.of(topic))) {
        return true;
      }
      // The lock starts during the poll, in which this process may be suspended.
      long asked = System.nanoTime();
      ConsumerRecords<byte[], byte[]> records = consumer.poll(IDLE_POLL);
      lastPoll = Instant.now();
      if (problem != null && joined(consumer)) {
        problem = null;
      }
      fetching = records.isEmpty();
      settled = !records.isEmpty();
      boolean first = true;
      for (ConsumerRecord<byte[], byte[]> record : records) {
        if (!first) {
          // Does not happen with record_limit; if it does, leave the record to another lane.
          consumer.acknowledge(record, AcknowledgeType.RELEASE);
        } else if (!take(new RecordLock(consumer, record), asked)) {
          return false;
        }
        first = false;
      }
      if (settled) {
        assigner.recordFound(topic);
        since = System.nanoTime();
      }
    }
  }

  /** Whether the group has assigned partitions to the consumer; it polls in vain until then. */
  private static boolean joined(ShareConsumer<?, ?> consumer) {
    return consumer.metrics().entrySet().stream()
        .anyMatch(
            metric ->
                metric.getKey().name().equals("rebalance-total")
                    && metric.getValue().metricValue() instanceof Double count
                    && count > 0);
  }

  private boolean take(RecordLock lock, long acquired) {
    Delivery delivery = lock.delivery();
    delivery.holdUntil(acquired + TimeUnit.MILLISECONDS.toNanos(lock.millis()));
    if (delivery.deliveryCount() >= republisher.copyAt()) {
      return republish(lock);
    }
    if (stopping()) {
      return handBack(lock, delivery);
    }
    current = delivery;
    try {
      HandlerRun run =
          new HandlerRun(
              delivery,
              handler,
              republisher.releaseDelayMillis(),
              "mezzotint-job-" + number,
              () -> {});
      if (stopping()) {
        delivery.drain();
      }
      run.start();
      if (!renewUntilDone(lock, run, acquired)) {
        awaitEnd(run);
        return false;
      }
      return switch (run.settlement()) {
        case ACCEPT -> lock.settle(AcknowledgeType.ACCEPT);
        case CONTINUE -> republish(lock);
        case RELEASE -> handBack(lock, delivery);
      };
    } finally {
      current = null;
      lastRenewal = null;
    }
  }

  private boolean handBack(RecordLock lock, Delivery delivery) {
    if (stopping()) {
      awaitNoFetch(Math.min(NO_FETCH_MILLIS_MAX, lock.millis() / 3));
    }
    return delivery.deliveryCount() >= republisher.copyAt() - 1
        ? republish(lock)
        : lock.settle(AcknowledgeType.RELEASE);
  }

  /** A fetch in flight of an idle lane that is closing would use up one more delivery. */
  private void awaitNoFetch(long millisMax) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millisMax);
    try {
      while (!noLaneFetching.getAsBoolean() && System.nanoTime() < end && !aborted()) {
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns true while the lane fetches nothing: it holds a record or has closed its consumer. */
  boolean notFetching() {
    return !fetching;
  }

  /** Returns true if the run ended under the lock; false if the lock is or may be lost. */
  private boolean renewUntilDone(RecordLock held, HandlerRun run, long acquired) {
    Delivery delivery = run.delivery();
    long lock = held.millis();
    // Measured from before the renewal, so that the lock ends here before it does at the broker.
    long since = acquired;
    while (!run.awaitMillis(Math.min(lock / 3 - millisSince(since), ABORT_CHECK_MILLIS))) {
      if (aborted()) {
        delivery.fence();
        return false;
      }
      if (millisSince(since) < lock / 3) {
        continue;
      }
      long renewing = System.nanoTime();
      long left = lock - millisSince(since);
      boolean renewed = !delivery.fenced() && left > 0 && held.renew(Duration.ofMillis(left));
      queueMetrics.recordRenewal(renewed);
      if (!renewed) {
        delivery.fence();
        queueMetrics.recordFenced();
        LOG.log(
            Level.WARNING,
            "Lost the lock on {0}; stopping the attempt, another worker continues.",
            delivery);
        return false;
      }
      since = renewing;
      delivery.holdUntil(since + TimeUnit.MILLISECONDS.toNanos(lock));
      lastRenewal = Instant.now();
      lastPoll = lastRenewal;
    }
    return !delivery.fenced();
  }

  /** If this worker dies between copy and acceptance, both are delivered: one id, one job. */
  private boolean republish(RecordLock lock) {
    boolean published = republisher.publish(lock.record(), lock.delivery());
    return lock.settle(published ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
  }

  private void awaitEnd(HandlerRun run) {
    while (!run.awaitMillis(ABORT_CHECK_MILLIS)) {
      if (aborted()) {
        run.interrupt();
        if (!run.awaitMillis(ABORT_LIMIT.toMillis())) {
          LOG.log(
              Level.WARNING,
              "{0} does not stop; it is fenced and has no further effect.",
              run.delivery());
        }
        return;
      }
    }
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }

  private boolean stopping() {
    return stopped.getCount() == 0;
  }

  private boolean aborted() {
    return aborted.getCount() == 0;
  }

  private void awaitStop(long millis) {
    try {
      if (stopped.await(millis, TimeUnit.MILLISECONDS)) {
        LOG.log(Level.DEBUG, "lane {0} is stopping", number);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop();
    }
  }

  /** Takes no further record; asks the handler of the current one to stop at its next boundary. */
  void stop() {
    stopped.countDown();
    Delivery delivery = current;
    if (delivery != null) {
      delivery.drain();
    }
  }

  /** Abandons the current record: fences it and interrupts its handler. */
  void abort() {
    Delivery delivery = current;
    if (delivery != null) {
      LOG.log(
          Level.WARNING, "{0} did not stop within the drain timeout and was abandoned.", delivery);
    }
    aborted.countDown();
    stop();
  }

  /** Why it takes no requests, in one sentence; empty if it does or its topics are paused. */
  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  LaneMetrics metrics() {
    Delivery delivery = current;
    return new LaneMetrics(
        number,
        Optional.ofNullable(lastPoll),
        Optional.ofNullable(lastRenewal),
        delivery == null ? Optional.empty() : Optional.of(delivery.position()));
  }
}
