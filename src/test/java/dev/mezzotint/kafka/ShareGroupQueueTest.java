package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.local.SharedStack;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ShareGroupQueueTest {
  private static final Duration LOCK = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final String topic = "requests-" + UUID.randomUUID();
  private final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
  private KafkaSettings settings;
  private RecordSender sender;

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

  @Test
  void jobsLongerThanTheLockAreDeliveredOnceEach() throws Exception {
    send(6);
    CountDownLatch done = new CountDownLatch(6);
    DeliveryHandler slow =
        delivery -> {
          Thread.sleep(2500);
          note(delivery);
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (ShareGroupQueue queue = queue(1, slow)) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }

    assertThat(log).containsExactly("r0 x1", "r1 x1", "r2 x1", "r3 x1", "r4 x1", "r5 x1");
  }

  @Test
  void manySmallRecordsOverFourLanesAreDeliveredOnceEach() throws Exception {
    send(200);
    CountDownLatch done = new CountDownLatch(200);
    DeliveryHandler quick =
        delivery -> {
          note(delivery);
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (ShareGroupQueue queue = queue(4, quick)) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }

    assertThat(log)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 200).mapToObj(i -> "r" + i + " x1").toList());
  }

  @Test
  void aRecordKeepsItsKeyHeadersAndValue() throws Exception {
    var record = new ProducerRecord<>(topic, "k".getBytes(UTF_8), new byte[] {0, -1});
    record.headers().add("h", "1".getBytes(UTF_8)).add("h", "2".getBytes(UTF_8));
    sender.send(record);
    CountDownLatch done = new CountDownLatch(1);
    DeliveryHandler check =
        delivery -> {
          assertThat(delivery.key()).asString(UTF_8).isEqualTo("k");
          assertThat(delivery.value()).containsExactly(0, -1);
          assertThat(delivery.headers())
              .extracting(h -> h.getKey() + new String(h.getValue(), UTF_8))
              .containsExactly("h1", "h2");
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (ShareGroupQueue queue = queue(1, check)) {
      queue.start();
      await(done);
    }
  }

  @Test
  void whatAClosedConsumerHeldIsDeliveredToAnother() throws Exception {
    send(1);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch fenced = new CountDownLatch(1);
    DeliveryHandler stuck =
        delivery -> {
          held.countDown();
          try {
            Thread.sleep(60_000);
          } catch (InterruptedException e) {
            note(delivery);
            if (delivery.fenced()) {
              fenced.countDown();
            }
          }
          return Settlement.ACCEPT;
        };
    try (ShareGroupQueue first = queue(1, stuck)) {
      first.start();
      await(held);
      assertThat(first.drain(Duration.ofMillis(100))).isFalse();
    }
    await(fenced);

    CountDownLatch done = new CountDownLatch(1);
    try (ShareGroupQueue second = queue(1, accepting(done))) {
      second.start();
      await(done);
    }
    assertThat(log).containsExactly("r0 x1", "r0 x2");
  }

  @Test
  void aLostLockFencesTheAttemptAndItsAcceptanceCountsForNothing() throws Exception {
    send(1);
    AtomicBoolean hang = new AtomicBoolean(true);
    CountDownLatch done = new CountDownLatch(2);
    DeliveryHandler untilFenced =
        delivery -> {
          note(delivery);
          while (delivery.deliveryCount() == 1 && !delivery.fenced()) {
            Thread.sleep(20);
          }
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (ShareGroupQueue queue =
        new ShareGroupQueue(
            settings,
            List.of(topic),
            1,
            untilFenced,
            t -> false,
            10,
            config -> hangingOnce(config, hang))) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }

    assertThat(log).containsExactly("r0 x1", "r0 x2");
  }

  /** As a process that is stopped for longer than the lock holds, when it wants to renew. */
  private static ShareConsumer<byte[], byte[]> hangingOnce(
      Map<String, Object> config, AtomicBoolean hang) {
    return new KafkaShareConsumer<>(
        config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
      @Override
      public Map<TopicIdPartition, Optional<KafkaException>> commitSync(Duration limit) {
        if (hang.compareAndSet(true, false)) {
          sleep(LOCK.plusMillis(500));
        }
        return super.commitSync(limit);
      }
    };
  }

  @Test
  void aRecordThatIsReleasedTimeAndAgainIsNeverDroppedByTheBroker() throws Exception {
    send(1);
    AtomicInteger deliveries = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(1);
    DeliveryHandler atTheTwelfth =
        delivery -> {
          note(delivery);
          if (deliveries.incrementAndGet() < 12) {
            if (deliveries.get() % 2 == 0) {
              throw new IllegalStateException("expected by the test");
            }
            return Settlement.RELEASE;
          }
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (ShareGroupQueue queue = queue(1, atTheTwelfth)) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }

    // Limit 5: three deliveries of each copy; the last two are for copying alone.
    assertThat(log)
        .containsExactly(
            "r0 x1", "r0 x2", "r0 x3", "r0 x1", "r0 x2", "r0 x3", "r0 x1", "r0 x2", "r0 x3",
            "r0 x1", "r0 x2", "r0 x3");
  }

  @Test
  void drainingAsksForAHandBackAndTheRecordGoesToAnotherWorker() throws Exception {
    send(1);
    CountDownLatch held = new CountDownLatch(1);
    DeliveryHandler atABoundary =
        delivery -> {
          note(delivery);
          held.countDown();
          while (!delivery.draining()) {
            Thread.sleep(20);
          }
          return Settlement.RELEASE;
        };
    // Idle lanes on their way out must not take what the busy one hands back.
    try (ShareGroupQueue first = queue(4, atABoundary)) {
      first.start();
      await(held);
      assertThat(first.inHand()).hasSize(1);
      long start = System.nanoTime();
      assertThat(first.drain(LIMIT)).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      assertThat(first.inHand()).isEmpty();
    }
    CountDownLatch done = new CountDownLatch(1);
    try (ShareGroupQueue second = queue(1, accepting(done))) {
      second.start();
      await(done);
    }
    assertThat(log).containsExactly("r0 x1", "r0 x2");
  }

  @Test
  void aLockThatTheBrokerDoesNotAllowIsNoReasonNotToWork() throws Exception {
    send(1);
    settings = settings.withLockDuration(Duration.ofMillis(10));
    CountDownLatch done = new CountDownLatch(1);
    try (ShareGroupQueue queue = queue(1, accepting(done))) {
      queue.start();
      await(done);
    }
    assertThat(log).containsExactly("r0 x1");
  }

  @Test
  void lanesTellHowTheyAreDoing() throws Exception {
    send(1);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    DeliveryHandler waiting =
        delivery -> {
          held.countDown();
          await(go);
          return Settlement.ACCEPT;
        };
    try (ShareGroupQueue queue = queue(1, waiting)) {
      queue.start();
      await(held);
      Thread.sleep(LOCK.toMillis() / 2);
      LaneFigures lane = queue.lanes().get(0);
      assertThat(lane.inHand()).contains(topic + "-0@0");
      assertThat(lane.lastRenewal()).isPresent();
      assertThat(lane.lastPoll()).isPresent();
      assertThat(queue.alive()).isTrue();
      go.countDown();
    }
  }

  private ShareGroupQueue queue(int lanes, DeliveryHandler handler) {
    return new ShareGroupQueue(
        settings,
        List.of(topic),
        lanes,
        handler,
        t -> false,
        10,
        config ->
            new KafkaShareConsumer<>(
                config, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
  }

  private DeliveryHandler accepting(CountDownLatch done) {
    return delivery -> {
      note(delivery);
      done.countDown();
      return Settlement.ACCEPT;
    };
  }

  private void note(Delivery delivery) {
    log.add(new String(delivery.value(), UTF_8) + " x" + delivery.deliveryCount());
  }

  private void send(int count) {
    for (int i = 0; i < count; i++) {
      sender.send(new ProducerRecord<>(topic, ("r" + i).getBytes(UTF_8)));
    }
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
