package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** The guarantees of every kind of queue. */
abstract class RequestQueueContract extends TopicsContract {

  @Test
  void longJobs_areDeliveredOnce() throws Exception {
    send(6);
    CountDownLatch done = new CountDownLatch(6);
    DeliveryHandler slow =
        delivery -> {
          Thread.sleep(2500);
          note(delivery);
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(1, slow)) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }

    assertThat(log).containsExactly("r0 x1", "r1 x1", "r2 x1", "r3 x1", "r4 x1", "r5 x1");
  }

  @Test
  void recordsBehindAVeryLongJob_areNotLost() throws Exception {
    send(51);
    CountDownLatch done = new CountDownLatch(51);
    DeliveryHandler firstIsSlow =
        delivery -> {
          if (log.isEmpty()) {
            Thread.sleep(LOCKS * LOCK.toMillis());
          }
          note(delivery);
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(1, firstIsSlow)) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }
    assertThat(log)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 51).mapToObj(i -> "r" + i + " x1").toList());
  }

  @Test
  void recordsOfAbortedTransactions_areNotDelivered_andLeaveNoBacklog() throws Exception {
    sendInTransaction("aborted", /* commit= */ false);
    sendInTransaction("committed", /* commit= */ true);
    sendInTransaction("aborted again", /* commit= */ false);
    send(1);
    sendInTransaction("last", /* commit= */ false);
    CountDownLatch done = new CountDownLatch(2);
    try (RequestQueue queue = queue(1, accepting(done));
        GroupOffsets offsets = new GroupOffsets(settings)) {
      queue.start();
      await(done);
      GroupType type = kind().groupType();
      long end = System.nanoTime() + LIMIT.toNanos();
      long unsettled = 1;
      while (unsettled > 0 && System.nanoTime() < end) {
        Thread.sleep(200);
        unsettled =
            offsets
                .backlog(type, Map.of("all", List.of(topic)), t -> false, none -> 0)
                .get("all")
                .unsettled();
      }
      assertThat(unsettled).isZero();
    }
    assertThat(log).containsExactly("committed x1", "r0 x1");
  }

  private void sendInTransaction(String value, boolean commit) {
    Map<String, Object> transactional = Map.of("transactional.id", "t-" + UUID.randomUUID());
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            settings.client("test", transactional),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(topic, value.getBytes(UTF_8)));
      producer.flush();
      if (commit) {
        producer.commitTransaction();
      } else {
        producer.abortTransaction();
      }
    }
  }

  @Test
  void continuedJob_goesToTheEndOfTheTopicWithItsOrigin() throws Exception {
    send(3);
    CountDownLatch done = new CountDownLatch(3);
    ConcurrentLinkedQueue<String> origins = new ConcurrentLinkedQueue<>();
    DeliveryHandler shares =
        delivery -> {
          String name = new String(delivery.value(), UTF_8);
          log.add(name);
          origins.add(name + " " + delivery.origin());
          if (log.stream().filter(name::equals).count() < 3) {
            return Settlement.CONTINUE;
          }
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(1, shares)) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }
    assertThat(log).containsExactly("r0", "r1", "r2", "r0", "r1", "r2", "r0", "r1", "r2");
    assertThat(origins.stream().distinct()).hasSize(3);
  }

  @Test
  void drain_takesNothingMore_andSettlesOrReleasesTheRest() throws Exception {
    send(40);
    CountDownLatch held = new CountDownLatch(4);
    AtomicBoolean draining = new AtomicBoolean();
    ConcurrentLinkedQueue<String> late = new ConcurrentLinkedQueue<>();
    ConcurrentLinkedQueue<String> accepted = new ConcurrentLinkedQueue<>();
    DeliveryHandler oneInTwo =
        delivery -> {
          String name = new String(delivery.value(), UTF_8);
          if (draining.get()) {
            late.add(name);
          }
          held.countDown();
          while (!delivery.draining()) {
            Thread.sleep(10);
          }
          if (name.charAt(name.length() - 1) % 2 == 0) {
            return Settlement.RELEASE;
          }
          accepted.add(name);
          return Settlement.ACCEPT;
        };
    RequestQueue first = queue(4, oneInTwo);
    first.start();
    await(held);
    List<String> inHand = first.inProgress();
    assertThat(inHand).hasSize(4);
    draining.set(true);
    long start = System.nanoTime();
    assertThat(first.drain(Duration.ofSeconds(25))).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(25));
    assertThat(late).isEmpty();
    assertThat(first.inProgress()).isEmpty();

    CountDownLatch others = new CountDownLatch(40 - accepted.size());
    ConcurrentLinkedQueue<String> rest = new ConcurrentLinkedQueue<>();
    try (RequestQueue second =
        queue(
            4,
            delivery -> {
              rest.add(new String(delivery.value(), UTF_8));
              others.countDown();
              return Settlement.ACCEPT;
            })) {
      second.start();
      await(others);
      Thread.sleep(300);
    }
    assertThat(rest)
        .containsAll(
            IntStream.range(0, 40)
                .mapToObj(i -> "r" + i)
                .filter(name -> !accepted.contains(name))
                .toList());
  }

  @Test
  void manySmallRecordsOnFourLanes_areDeliveredOnce() throws Exception {
    send(200);
    CountDownLatch done = new CountDownLatch(200);
    DeliveryHandler quick =
        delivery -> {
          note(delivery);
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(4, quick)) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }

    assertThat(log)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 200).mapToObj(i -> "r" + i + " x1").toList());
  }

  @Test
  void delivery_hasTheRecordsKeyHeadersAndValue() throws Exception {
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
    try (RequestQueue queue = queue(1, check)) {
      queue.start();
      await(done);
    }
  }

  @Test
  void closedConsumersRecord_isDeliveredToAnother() throws Exception {
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
    try (RequestQueue first = queue(1, stuck)) {
      first.start();
      await(held);
      assertThat(first.drain(Duration.ofMillis(100))).isFalse();
    }
    await(fenced);

    CountDownLatch done = new CountDownLatch(1);
    try (RequestQueue second = queue(1, accepting(done))) {
      second.start();
      await(done);
    }
    assertThat(log).containsExactly("r0 x1", "r0 x" + countElsewhere());
  }

  @Test
  void lostLock_fencesTheDelivery_andItsAcceptanceHasNoEffect() throws Exception {
    send(1);
    AtomicBoolean hang = new AtomicBoolean(true);
    CountDownLatch done = new CountDownLatch(2);
    DeliveryHandler untilFenced =
        delivery -> {
          note(delivery);
          while (log.size() == 1 && !delivery.fenced()) {
            Thread.sleep(20);
          }
          done.countDown();
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = hangingOnce(untilFenced)) {
      queue.start();
      await(done);
      assertThat(queue.drain(LIMIT)).isTrue();
    }

    assertThat(log).containsExactly("r0 x1", "r0 x" + countElsewhere());
  }

  @Test
  void repeatedlyReleasedRecord_isNeverDropped() throws Exception {
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
    try (RequestQueue queue = queue(1, atTheTwelfth)) {
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
  void drain_asksForARelease_andAnotherWorkerGetsTheRecord() throws Exception {
    // A third of it is how long the busy lane waits for the idle ones to close: a second is not
    // always enough where tests share two processors.
    settings = settings.withLockDuration(Duration.ofSeconds(10));
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
    try (RequestQueue first = queue(4, atABoundary)) {
      first.start();
      await(held);
      assertThat(first.inProgress()).hasSize(1);
      long start = System.nanoTime();
      assertThat(first.drain(LIMIT)).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      assertThat(first.inProgress()).isEmpty();
    }
    CountDownLatch done = new CountDownLatch(1);
    try (RequestQueue second = queue(1, accepting(done))) {
      second.start();
      await(done);
    }
    assertThat(log).containsExactly("r0 x1", "r0 x" + countElsewhere());
  }

  @Test
  void lockDurationThatTheBrokerRefuses_doesNotPreventWork() throws Exception {
    send(1);
    settings = settings.withLockDuration(Duration.ofMillis(10));
    CountDownLatch done = new CountDownLatch(1);
    try (RequestQueue queue = queue(1, accepting(done))) {
      queue.start();
      await(done);
    }
    assertThat(log).containsExactly("r0 x1");
  }

  @Test
  void lanes_reportTheirState() throws Exception {
    send(1);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    DeliveryHandler waiting =
        delivery -> {
          held.countDown();
          await(go);
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(1, waiting)) {
      queue.start();
      await(held);
      Thread.sleep(LOCK.toMillis() / 2);
      LaneMetrics lane = queue.lanes().get(0);
      assertThat(lane.current()).contains(topic + "-0@0");
      assertThat(lane.lastRenewal()).isPresent();
      assertThat(lane.lastPoll()).isPresent();
      assertThat(queue.alive()).isTrue();
      go.countDown();
    }
  }
}
