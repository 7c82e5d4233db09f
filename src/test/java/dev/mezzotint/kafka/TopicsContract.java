package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The guarantees of every kind of queue with several topics or paused ones. */
abstract class TopicsContract extends QueueStage {

  @Test
  void pausedTopic_isNotReadAfterASecond_whileRunningJobsContinue() throws Exception {
    paused.add(topic);
    send(3);
    Semaphore go = new Semaphore(0);
    DeliveryHandler waiting =
        delivery -> {
          note(delivery);
          go.acquire();
          log.add("end");
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(1, waiting)) {
      queue.start();
      Thread.sleep(2_000);
      assertThat(log).isEmpty();
      paused.clear();
      awaitLog(1);
      paused.add(topic);
      go.release();
      awaitLog(2);
      go.release(3);
      Thread.sleep(2_000);
      assertThat(log).containsExactly("r0 x1", "end");
      send(1); // to a queue that idles
      Thread.sleep(1_500);
      assertThat(log).hasSize(2);
      paused.clear();
      go.release(3);
      awaitLog(8);
      assertThat(queue.drain(LIMIT)).isTrue();
    }
    assertThat(log).filteredOn(line -> line.endsWith("x1")).hasSize(4);
  }

  @Test
  void floodedHighTopic_leavesTheLowerOnesTheirShare() throws Exception {
    List<String> topics = Topics.withPriorities(topic);
    send(topics.get(0), "high", 400);
    send(topics.get(1), "normal", 400);
    send(topics.get(2), "low", 400);
    CountDownLatch enough = new CountDownLatch(100);
    AtomicInteger high = new AtomicInteger();
    DeliveryHandler brief =
        delivery -> {
          String name = new String(delivery.value(), UTF_8).replaceAll("[0-9]", "");
          // A busy broker takes seconds to give a group its first record of a topic; until then
          // lanes serve whichever topic is there.
          if (high.addAndGet(name.equals("high") ? 1 : 0) > 30 && enough.getCount() > 0) {
            log.add(name);
            enough.countDown();
          }
          Thread.sleep(150);
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(topics, 4, brief)) {
      queue.start();
      await(enough);
    }
    // Three of four lanes for the high one, one lane for the others in turn.
    assertThat(log).filteredOn("high"::equals).hasSizeBetween(50, 95);
    assertThat(log).filteredOn("normal"::equals).hasSizeGreaterThanOrEqualTo(3);
    assertThat(log).filteredOn("low"::equals).hasSizeGreaterThanOrEqualTo(3);
  }

  @Test
  void allLanes_serveTheLowTopic_whenTheOthersAreEmpty() throws Exception {
    List<String> topics = Topics.withPriorities(topic);
    send(topics.get(2), "low", 30);
    CountDownLatch together = new CountDownLatch(4);
    DeliveryHandler patient =
        delivery -> {
          together.countDown();
          while (together.getCount() > 0 && !delivery.draining()) {
            Thread.sleep(20);
          }
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(topics, 4, patient)) {
      queue.start();
      await(together);
    }
  }

  @Test
  void singleLane_servesEveryTopic() throws Exception {
    List<String> topics = Topics.withPriorities(topic);
    send(topics.get(0), "high", 300);
    send(topics.get(1), "normal", 300);
    send(topics.get(2), "low", 300);
    Set<String> seen = ConcurrentHashMap.newKeySet();
    DeliveryHandler brief =
        delivery -> {
          seen.add(delivery.topic());
          Thread.sleep(100);
          return Settlement.ACCEPT;
        };
    try (RequestQueue queue = queue(topics, 1, brief)) {
      queue.start();
      long end = System.nanoTime() + LIMIT.toNanos();
      while (seen.size() < 3 && System.nanoTime() < end) {
        Thread.sleep(50);
      }
    }
    assertThat(seen).containsExactlyInAnyOrderElementsOf(topics);
  }
}
