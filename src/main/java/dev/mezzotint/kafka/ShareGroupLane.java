package dev.mezzotint.kafka;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.TransientException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/**
 * One thread with one share consumer that holds at most one record: the delivery rules in one
 * place.
 *
 * <ol>
 *   <li>A record is handled on a thread of its own, while this one renews the record's lock at a
 *       third of its duration.
 *   <li>A renewal that fails means that another worker may have the record: the delivery is fenced,
 *       nothing is acknowledged, and the lane begins anew with a fresh consumer.
 *   <li>The broker drops a record after its last permitted delivery. So nothing is worked on in the
 *       last two, and nothing is released in the one before: a copy of the record is published and
 *       the old one accepted. Two, since a worker may die before its copy is durable. A job that
 *       has done its share for now goes on as such a copy, too.
 *   <li>On the way out, records are handed back only when the lanes of this process that hold none
 *       have closed: their last fetches would spend deliveries.
 *   <li>A release is held back a little, since the broker redelivers at once and would spend all
 *       deliveries in milliseconds.
 * </ol>
 *
 * <p>{@link #stop}, {@link #abort} and {@link #metrics} may be called from any thread.
 */
final class ShareGroupLane implements Runnable {
  private static final Logger LOG = Logger.getLogger(ShareGroupLane.class.getName());
  private static final Duration IDLE_POLL = Duration.ofMillis(500);
  private static final long PAUSED_MILLIS = 250;
  private static final long NO_FETCH_MILLIS_MAX = 3_000;
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);
  private static final long RECONNECT_MILLIS_MIN = 250;
  private static final long RECONNECT_MILLIS_MAX = 10_000;
  private static final long ABORT_CHECK_MILLIS = 200;
  private static final Duration ABORT_LIMIT = Duration.ofSeconds(2);

  private final int number;
  private final TopicAssigner assigner;
  private final long lookNanos;
  private final Supplier<ShareConsumer<byte[], byte[]>> consumers;
  private final DeliveryHandler handler;
  private final RecordRepublisher republisher;
  private final QueueMetrics queueMetrics;
  private final BooleanSupplier noLaneFetching;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final CountDownLatch aborted = new CountDownLatch(1);
  private volatile boolean fetching;
  private volatile @Nullable Delivery current;
  private volatile @Nullable Instant lastPoll;
  private volatile @Nullable Instant lastRenewal;

  /**
   * @param postings which topic to read, and when to go to another
   * @param look how long a consumer that is new to a topic may take to get what is there
   * @param consumers opens a consumer set to explicit acknowledgement, one record a poll, strict
   *     {@code record_limit}; this lane closes it
   * @param othersQuiet whether no lane of this process asks for records
   */
  ShareGroupLane(
      int number,
      TopicAssigner postings,
      Duration look,
      Supplier<ShareConsumer<byte[], byte[]>> consumers,
      DeliveryHandler handler,
      RecordRepublisher resubmission,
      QueueMetrics tally,
      BooleanSupplier othersQuiet) {
    this.noLaneFetching = othersQuiet;
    this.number = number;
    this.assigner = postings;
    this.lookNanos = look.toNanos();
    this.consumers = consumers;
    this.handler = handler;
    this.republisher = resubmission;
    this.queueMetrics = tally;
  }

  @Override
  public void run() {
    long pause = RECONNECT_MILLIS_MIN;
    while (!stopping()) {
      Optional<String> topic = assigner.assign(number, System.nanoTime());
      if (topic.isEmpty()) {
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
      } catch (KafkaException e) {
        LOG.log(Level.WARNING, "Lane {0} connects anew: {1}", new Object[] {number, e});
      } catch (RuntimeException | Error e) {
        LOG.log(Level.SEVERE, "Lane " + number + " begins anew", e);
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
      LOG.log(Level.FINE, "a consumer did not close", e);
    }
  }

  /**
   * @return true if the lane stops or goes to another topic; false if this consumer's view of its
   *     record is no more reliable
   */
  private boolean consume(ShareConsumer<byte[], byte[]> consumer, String topic) {
    long since = System.nanoTime();
    boolean settled = false;
    while (true) {
      // Written before the question: whoever stops this lane sees the one or is seen by the other.
      fetching = true;
      if (stopping() || assigner.paused(topic)) {
        return true;
      }
      long now = System.nanoTime();
      boolean looked = now - since > lookNanos;
      if (looked) {
        assigner.recordEmpty(number, topic, now);
        since = now;
      }
      // Between a settled record and the next poll nothing is being fetched: the time to go.
      if ((settled || looked) && !assigner.assign(number, now).equals(Optional.of(topic))) {
        return true;
      }
      // The lock begins within the poll, in which this process may have been stopped.
      long asked = System.nanoTime();
      ConsumerRecords<byte[], byte[]> records = consumer.poll(IDLE_POLL);
      lastPoll = Instant.now();
      fetching = records.isEmpty();
      settled = !records.isEmpty();
      boolean first = true;
      for (ConsumerRecord<byte[], byte[]> record : records) {
        if (!first) {
          // Not with record_limit; were it so, another lane shall have it rather than nobody.
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
      HandlerRun attempt =
          new HandlerRun(
              delivery, handler, republisher.releaseDelayMillis(), "mezzotint-job-" + number);
      if (stopping()) {
        delivery.drain();
      }
      attempt.start();
      if (!renewUntilDone(lock, attempt, acquired)) {
        awaitEnd(attempt);
        return false;
      }
      return switch (attempt.settlement()) {
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

  /** A fetch still under way in an idle lane that is closing would spend one more delivery. */
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

  /** True while this lane asks for no records: it holds one, or has closed its consumer. */
  boolean notFetching() {
    return !fetching;
  }

  /** True if the attempt has ended under the lock; false if the lock is lost, or may be. */
  private boolean renewUntilDone(RecordLock held, HandlerRun attempt, long acquired) {
    Delivery delivery = attempt.delivery();
    long lock = held.millis();
    // Counted from before the renewal, so that the lock ends for us before it does for the broker.
    long since = acquired;
    while (!attempt.awaitMillis(Math.min(lock / 3 - millisSince(since), ABORT_CHECK_MILLIS))) {
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
            "Lost the lock on {0}; the attempt stops and another worker goes on.",
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

  /**
   * Should this worker die between copy and acceptance, both are delivered: one job id, one job.
   */
  private boolean republish(RecordLock lock) {
    try {
      republisher.publish(lock.record());
    } catch (TransientException | RecordTooLargeException e) {
      LOG.log(
          Level.WARNING,
          "Could not publish a copy of {0}: {1}",
          new Object[] {lock.delivery(), e.toString()});
      return lock.settle(AcknowledgeType.RELEASE);
    }
    return lock.settle(AcknowledgeType.ACCEPT);
  }

  private void awaitEnd(HandlerRun attempt) {
    while (!attempt.awaitMillis(ABORT_CHECK_MILLIS)) {
      if (aborted()) {
        attempt.interrupt();
        if (!attempt.awaitMillis(ABORT_LIMIT.toMillis())) {
          LOG.log(
              Level.WARNING, "{0} does not stop; its effects are fenced off.", attempt.delivery());
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
        LOG.log(Level.FINE, "lane {0} stops", number);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop();
    }
  }

  /** No further record; the one in hand is asked to come to a boundary. */
  void stop() {
    stopped.countDown();
    Delivery delivery = current;
    if (delivery != null) {
      delivery.drain();
    }
  }

  /** The record in hand is given up: fenced, its handler interrupted. */
  void abort() {
    Delivery delivery = current;
    if (delivery != null) {
      LOG.log(Level.WARNING, "{0} is given up: its time to end is over.", delivery);
    }
    aborted.countDown();
    stop();
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
