package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.local.SharedStack;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Set-up and helpers for tests of a queue at the shared broker. */
abstract class QueueStage {
  static final RetryTiming PACE = new RetryTiming(10, Duration.ofSeconds(1));
  static final Duration LOCK = Duration.ofSeconds(2);

  /** More than the broker's delivery limit; 30 makes the long job last a minute. */
  static final int LOCKS = Integer.getInteger("mezzotint.test.locks", 6);

  static final Duration LIMIT = Duration.ofSeconds(30).plus(LOCK.multipliedBy(LOCKS));

  final String topic = "requests-" + UUID.randomUUID();
  final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
  final Set<String> paused = ConcurrentHashMap.newKeySet();
  KafkaSettings settings;
  RecordSender sender;

  abstract RequestQueue queue(List<String> topics, int lanes, DeliveryHandler handler);

  abstract RequestQueue.Kind kind();

  /** One lane whose first renewal comes too late. */
  abstract RequestQueue hangingOnce(DeliveryHandler handler);

  /** The delivery count when another worker receives the record. */
  abstract int countElsewhere();

  @BeforeEach
  void connect() {
    settings =
        KafkaSettings.of(SharedStack.get().bootstrapServers())
            .withGroupId("group-" + UUID.randomUUID())
            .withLockDuration(LOCK);
    sender = new RecordSender(settings, "test");
  }

  @AfterEach
  void disconnect() {
    sender.close();
  }

  final void awaitLog(int size) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (log.size() < size && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    assertThat(log).hasSizeGreaterThanOrEqualTo(size);
  }

  final RequestQueue queue(int lanes, DeliveryHandler handler) {
    return queue(List.of(topic), lanes, handler);
  }

  final DeliveryHandler accepting(CountDownLatch done) {
    return delivery -> {
      note(delivery);
      done.countDown();
      return Settlement.ACCEPT;
    };
  }

  final void note(Delivery delivery) {
    log.add(new String(delivery.value(), UTF_8) + " x" + delivery.deliveryCount());
  }

  final void send(int count) {
    send(topic, "r", count);
  }

  final void send(String to, String name, int count) {
    for (int i = 0; i < count; i++) {
      sender.send(new ProducerRecord<>(to, (name + i).getBytes(UTF_8)));
    }
  }

  static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
