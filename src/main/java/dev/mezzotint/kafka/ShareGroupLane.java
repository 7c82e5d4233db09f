package dev.mezzotint.kafka;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.TransientException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * One thread with one share consumer that holds at most one record: the delivery rules in one
 * place.
 *
 * <ol>
 *   <li>A record is handled on a thread of its own, while this one renews the record's lock at a
 *       third of its duration.
 *   <li>A renewal is {@code acknowledge(RENEW)}, {@code commitSync()}, short {@code poll()}. The
 *       documented form without {@code commitSync()} makes the client acquire further records
 *       behind the application's back, whose locks run out until the broker drops them: jobs are
 *       lost without an error.
 *   <li>A renewal that fails means that another worker may have the record: the delivery is fenced,
 *       nothing is acknowledged, and the lane begins anew with a fresh consumer.
 *   <li>The broker drops a record after its last permitted delivery. So nothing is worked on in the
 *       last two, and nothing is released in the one before: a copy of the record is published and
 *       the old one accepted. Two, since a worker may die before its copy is durable.
 *   <li>On the way out, records are handed back only when the lanes of this process that hold none
 *       have closed: their last fetches would spend deliveries.
 *   <li>A release is held back a little, since the broker redelivers at once and would spend all
 *       deliveries in milliseconds.
 * </ol>
 *
 * <p>{@link #stop}, {@link #abort} and {@link #figures} may be called from any thread.
 */
final class ShareGroupLane implements Runnable {
  private static final Logger LOG = Logger.getLogger(ShareGroupLane.class.getName());
  private static final Duration IDLE_POLL = Duration.ofMillis(500);
  private static final Duration RENEWAL_POLL = Duration.ofMillis(100);
  private static final long QUIET_MILLIS_MAX = 3_000;
  private static final Duration SETTLE_LIMIT = Duration.ofSeconds(10);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);
  private static final int LOCK_MILLIS_DEFAULT = 30_000;
  private static final long RECONNECT_MILLIS_MIN = 250;
  private static final long RECONNECT_MILLIS_MAX = 10_000;
  private static final long ABORT_CHECK_MILLIS = 200;
  private static final Duration ABORT_LIMIT = Duration.ofSeconds(2);

  private final int number;
  private final List<String> topics;
  private final Supplier<ShareConsumer<byte[], byte[]>> consumers;
  private final DeliveryHandler handler;
  private final Resubmission resubmission;
  private final BooleanSupplier othersQuiet;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final CountDownLatch aborted = new CountDownLatch(1);
  private volatile boolean fetching;
  private volatile @Nullable Delivery inHand;
  private volatile @Nullable Instant lastPoll;
  private volatile @Nullable Instant lastRenewal;

  /**
   * @param consumers opens a consumer set to explicit acknowledgement, one record a poll, strict
   *     {@code record_limit}; this lane closes it
   * @param othersQuiet whether no lane of this process asks for records
   */
  ShareGroupLane(
      int number,
      List<String> topics,
      Supplier<ShareConsumer<byte[], byte[]>> consumers,
      DeliveryHandler handler,
      Resubmission resubmission,
      BooleanSupplier othersQuiet) {
    this.othersQuiet = othersQuiet;
    this.number = number;
    this.topics = List.copyOf(topics);
    this.consumers = consumers;
    this.handler = handler;
    this.resubmission = resubmission;
  }

  @Override
  public void run() {
    long pause = RECONNECT_MILLIS_MIN;
    while (!stopping()) {
      pause = Math.min(pause * 2, RECONNECT_MILLIS_MAX);
      ShareConsumer<byte[], byte[]> consumer = null;
      try {
        fetching = true;
        consumer = consumers.get();
        consumer.subscribe(topics);
        consume(consumer);
        pause = RECONNECT_MILLIS_MIN;
      } catch (KafkaException e) {
        LOG.log(Level.WARNING, "Lane {0} connects anew: {1}", new Object[] {number, e});
      } catch (RuntimeException | Error e) {
        LOG.log(Level.SEVERE, "Lane " + number + " begins anew", e);
      } finally {
        close(consumer);
        fetching = false;
      }
      awaitStop(ThreadLocalRandom.current().nextLong(pause / 2, pause + 1));
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
   * Returns when the lane stops, or when this consumer's view of its record is no more reliable.
   */
  private void consume(ShareConsumer<byte[], byte[]> consumer) {
    boolean reliable = true;
    while (reliable) {
      // Written before the question: whoever stops this lane sees the one or is seen by the other.
      fetching = true;
      if (stopping()) {
        return;
      }
      // The lock begins within the poll, in which this process may have been stopped.
      long asked = System.nanoTime();
      ConsumerRecords<byte[], byte[]> records = consumer.poll(IDLE_POLL);
      lastPoll = Instant.now();
      fetching = records.isEmpty();
      boolean first = true;
      for (ConsumerRecord<byte[], byte[]> record : records) {
        if (first) {
          reliable = deliver(consumer, record, asked);
          first = false;
        } else {
          // Not with record_limit; were it so, another lane shall have it rather than nobody.
          consumer.acknowledge(record, AcknowledgeType.RELEASE);
        }
      }
    }
  }

  private boolean deliver(
      ShareConsumer<byte[], byte[]> consumer,
      ConsumerRecord<byte[], byte[]> record,
      long acquired) {
    Delivery delivery = delivery(record);
    delivery.holdUntil(acquired + TimeUnit.MILLISECONDS.toNanos(lockMillis(consumer)));
    if (delivery.deliveryCount() >= resubmission.copyAt()) {
      return resubmit(consumer, record);
    }
    if (stopping()) {
      return handBack(consumer, record, delivery);
    }
    inHand = delivery;
    try {
      Attempt attempt =
          new Attempt(delivery, handler, resubmission.holdMillis(), "mezzotint-job-" + number);
      if (stopping()) {
        delivery.drain();
      }
      attempt.start();
      boolean held = renewUntilDone(consumer, record, attempt, acquired);
      if (!held) {
        awaitEnd(attempt);
        return false;
      }
      if (attempt.settlement() == Settlement.ACCEPT) {
        return settle(consumer, record, AcknowledgeType.ACCEPT);
      }
      return handBack(consumer, record, delivery);
    } finally {
      inHand = null;
      lastRenewal = null;
    }
  }

  private boolean handBack(
      ShareConsumer<byte[], byte[]> consumer,
      ConsumerRecord<byte[], byte[]> record,
      Delivery delivery) {
    if (stopping()) {
      awaitQuiet(Math.min(QUIET_MILLIS_MAX, lockMillis(consumer) / 3));
    }
    return delivery.deliveryCount() >= resubmission.copyAt() - 1
        ? resubmit(consumer, record)
        : settle(consumer, record, AcknowledgeType.RELEASE);
  }

  /** A fetch still under way in an idle lane that is closing would spend one more delivery. */
  private void awaitQuiet(long millisMax) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millisMax);
    try {
      while (!othersQuiet.getAsBoolean() && System.nanoTime() < end && !aborted()) {
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** True while this lane asks for no records: it holds one, or has closed its consumer. */
  boolean quiet() {
    return !fetching;
  }

  /** True if the attempt has ended under the lock; false if the lock is lost, or may be. */
  private boolean renewUntilDone(
      ShareConsumer<byte[], byte[]> consumer,
      ConsumerRecord<byte[], byte[]> record,
      Attempt attempt,
      long acquired) {
    Delivery delivery = attempt.delivery();
    long lock = lockMillis(consumer);
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
      if (left <= 0 || !renew(consumer, record, Duration.ofMillis(left))) {
        delivery.fence();
        LOG.log(
            Level.WARNING,
            "Lost the lock on {0}; the attempt stops and another worker goes on.",
            delivery.position());
        return false;
      }
      since = renewing;
      delivery.holdUntil(renewing + TimeUnit.MILLISECONDS.toNanos(lock));
      lastRenewal = Instant.now();
    }
    return millisSince(since) < lock && !delivery.fenced();
  }

  private boolean renew(
      ShareConsumer<byte[], byte[]> consumer,
      ConsumerRecord<byte[], byte[]> record,
      Duration limit) {
    try {
      consumer.acknowledge(record, AcknowledgeType.RENEW);
      if (!committed(consumer.commitSync(limit))) {
        return false;
      }
      // The client gives a renewed record once more and takes no acknowledgement before that.
      ConsumerRecords<byte[], byte[]> again = consumer.poll(RENEWAL_POLL);
      lastPoll = Instant.now();
      for (ConsumerRecord<byte[], byte[]> same : again) {
        return same.offset() == record.offset() && same.topic().equals(record.topic());
      }
      return false;
    } catch (KafkaException | IllegalStateException e) {
      LOG.log(Level.FINE, "a renewal failed", e);
      return false;
    }
  }

  private static boolean committed(Map<TopicIdPartition, Optional<KafkaException>> answers) {
    answers.values().stream()
        .flatMap(Optional::stream)
        .forEach(e -> LOG.log(Level.FINE, "the broker refused an acknowledgement", e));
    return !answers.isEmpty() && answers.values().stream().allMatch(Optional::isEmpty);
  }

  private boolean settle(
      ShareConsumer<byte[], byte[]> consumer,
      ConsumerRecord<byte[], byte[]> record,
      AcknowledgeType type) {
    try {
      consumer.acknowledge(record, type);
      if (committed(consumer.commitSync(SETTLE_LIMIT))) {
        return true;
      }
    } catch (KafkaException | IllegalStateException e) {
      LOG.log(Level.FINE, "an acknowledgement failed", e);
    }
    LOG.log(
        Level.WARNING,
        "The broker did not take {0} of {1}-{2}@{3}; it will deliver the record again.",
        new Object[] {type, record.topic(), record.partition(), Long.toString(record.offset())});
    return false;
  }

  /**
   * Should this worker die between copy and acceptance, both are delivered: one job id, one job.
   */
  private boolean resubmit(
      ShareConsumer<byte[], byte[]> consumer, ConsumerRecord<byte[], byte[]> record) {
    try {
      resubmission.publish(record);
    } catch (TransientException | RecordTooLargeException e) {
      LOG.log(Level.WARNING, "Could not publish a copy of a request", e);
      return settle(consumer, record, AcknowledgeType.RELEASE);
    }
    return settle(consumer, record, AcknowledgeType.ACCEPT);
  }

  private void awaitEnd(Attempt attempt) {
    while (!attempt.awaitMillis(ABORT_CHECK_MILLIS)) {
      if (aborted()) {
        attempt.interrupt();
        if (!attempt.awaitMillis(ABORT_LIMIT.toMillis())) {
          LOG.log(
              Level.WARNING,
              "{0} does not stop; its effects are fenced off.",
              attempt.delivery().position());
        }
        return;
      }
    }
  }

  private static long lockMillis(ShareConsumer<byte[], byte[]> consumer) {
    return consumer.acquisitionLockTimeoutMs().orElse(LOCK_MILLIS_DEFAULT);
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }

  private static Delivery delivery(ConsumerRecord<byte[], byte[]> record) {
    List<Map.Entry<String, byte[]>> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(Map.entry(header.key(), header.value() == null ? new byte[0] : header.value()));
    }
    return new Delivery(
        record.topic(),
        record.partition(),
        record.offset(),
        record.deliveryCount().map(Short::intValue).orElse(1),
        record.key(),
        record.value() == null ? new byte[0] : record.value(),
        headers);
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
    Delivery delivery = inHand;
    if (delivery != null) {
      delivery.drain();
    }
  }

  /** The record in hand is given up: fenced, its handler interrupted. */
  void abort() {
    aborted.countDown();
    stop();
  }

  LaneFigures figures() {
    Delivery delivery = inHand;
    return new LaneFigures(
        number,
        Optional.ofNullable(lastPoll),
        Optional.ofNullable(lastRenewal),
        delivery == null ? Optional.empty() : Optional.of(delivery.position()));
  }
}
