package dev.mezzotint.kafka;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.FailureLog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Runs the handler for one delivery on a thread of its own; delays the end of a released one. */
public final class HandlerRun {
  private static final long RELEASE_DELAY_MILLIS_MAX = 30_000;

  private final Delivery delivery;
  private final DeliveryHandler handler;
  private final long releaseDelayMillis;
  private final Runnable onEnd;
  private final Thread thread;
  private final CountDownLatch done = new CountDownLatch(1);
  private volatile Settlement settlement = Settlement.RELEASE;

  /**
   * @param onEnd called at the end, on the run's thread
   */
  HandlerRun(
      Delivery delivery,
      DeliveryHandler handler,
      long releaseDelayMillis,
      String name,
      Runnable onEnd) {
    this.onEnd = onEnd;
    this.delivery = delivery;
    this.handler = handler;
    this.releaseDelayMillis = releaseDelayMillis;
    this.thread = new Thread(this::run, name);
    this.thread.setDaemon(true);
  }

  /** Converts a record; {@code count} is its delivery count. */
  public static Delivery delivery(ConsumerRecord<byte[], byte[]> record, int count) {
    List<Map.Entry<String, byte[]>> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(Map.entry(header.key(), header.value() == null ? new byte[0] : header.value()));
    }
    Delivery delivery =
        new Delivery(
            record.topic(),
            record.partition(),
            record.offset(),
            count,
            record.key(),
            record.value() == null ? new byte[0] : record.value(),
            headers);
    if (record.timestamp() >= 0) { // -1 of records without one
      delivery.setWrittenTime(Instant.ofEpochMilli(record.timestamp()));
    }
    return delivery;
  }

  Delivery delivery() {
    return delivery;
  }

  Settlement settlement() {
    return settlement;
  }

  void start() {
    thread.start();
  }

  void interrupt() {
    thread.interrupt();
  }

  private void run() {
    try {
      settlement = handler.handle(delivery);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      FailureLog.log(HandlerRun.class, "Handling {0} failed", delivery, e);
    }
    try {
      if (settlement == Settlement.RELEASE) {
        delayRelease();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      done.countDown();
      onEnd.run();
    }
  }

  private void delayRelease() throws InterruptedException {
    long longest =
        Math.min(
            RELEASE_DELAY_MILLIS_MAX,
            releaseDelayMillis << Math.min(delivery.deliveryCount() - 1, 5));
    long end =
        System.nanoTime()
            + TimeUnit.MILLISECONDS.toNanos(
                ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
    while (System.nanoTime() < end && !delivery.draining() && !delivery.fenced()) {
      Thread.sleep(20);
    }
  }

  boolean awaitMillis(long millis) {
    try {
      return done.await(Math.max(millis, 0), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      // Lane threads are not interrupted; if one is, it continues to renew.
      return done.getCount() == 0;
    }
  }
}
