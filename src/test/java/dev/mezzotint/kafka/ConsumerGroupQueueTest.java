package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;

class ConsumerGroupQueueTest extends RequestQueueContract {

  @Override
  RequestQueue queue(List<String> topics, int lanes, DeliveryHandler handler) {
    return queue(
        topics,
        lanes,
        handler,
        config ->
            new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
  }

  private RequestQueue queue(
      List<String> topics,
      int lanes,
      DeliveryHandler handler,
      Function<Map<String, Object>, Consumer<byte[], byte[]>> opener) {
    return new ConsumerGroupQueue(settings, topics, lanes, handler, paused::contains, PACE, opener);
  }

  @Override
  RequestQueue.Kind kind() {
    return RequestQueue.Kind.CONSUMER_GROUP;
  }

  @Override
  RequestQueue hangingOnce(DeliveryHandler handler) {
    AtomicBoolean hang = new AtomicBoolean(true);
    return queue(
        List.of(topic),
        1,
        handler,
        config ->
            new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
              @Override
              public synchronized void commitSync(
                  Map<TopicPartition, OffsetAndMetadata> offsets, Duration limit) {
                if (hang.compareAndSet(true, false)) {
                  sleep(LOCK.plusMillis(500));
                }
                super.commitSync(offsets, limit);
              }
            });
  }

  @Override
  int countElsewhere() {
    return 1;
  }

  @Test
  void rebalance_fencesTheDeliveriesOfReassignedPartitions() throws Exception {
    try (Admin admin = Admin.create(settings.client("test", Map.of()))) {
      admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get();
    }
    for (int partition = 0; partition < 2; partition++) {
      byte[] value = ("p" + partition).getBytes(UTF_8);
      sender.send(new ProducerRecord<>(topic, partition, null, value));
    }
    CountDownLatch held = new CountDownLatch(2);
    CountDownLatch fenced = new CountDownLatch(1);
    AtomicBoolean stop = new AtomicBoolean();
    ConcurrentLinkedQueue<Delivery> lost = new ConcurrentLinkedQueue<>();
    DeliveryHandler longJob =
        delivery -> {
          held.countDown();
          while (!delivery.fenced() && !stop.get()) {
            Thread.sleep(10);
          }
          if (delivery.fenced()) {
            lost.add(delivery);
            fenced.countDown();
          }
          note(delivery);
          return Settlement.ACCEPT;
        };
    CountDownLatch taken = new CountDownLatch(1);
    ConcurrentLinkedQueue<String> elsewhere = new ConcurrentLinkedQueue<>();
    try (RequestQueue first = queue(2, longJob);
        RequestQueue second =
            queue(
                2,
                delivery -> {
                  elsewhere.add(new String(delivery.value(), UTF_8));
                  taken.countDown();
                  return Settlement.ACCEPT;
                })) {
      first.start();
      await(held);
      second.start();
      await(fenced);
      await(taken);
      stop.set(true);
      assertThat(first.drain(LIMIT)).isTrue();
      assertThat(second.drain(LIMIT)).isTrue();
    }
    assertThat(lost).hasSize(1);
    String name = new String(lost.element().value(), UTF_8);
    assertThat(elsewhere).containsExactly(name);
  }

  @Test
  void commit_stopsBeforeALongJob_whileLaterOnesComplete() throws Exception {
    send(3);
    CountDownLatch others = new CountDownLatch(2);
    DeliveryHandler firstIsLong =
        delivery -> {
          if (delivery.offset() == 0) {
            while (!delivery.draining()) {
              Thread.sleep(10);
            }
            return Settlement.RELEASE;
          }
          others.countDown();
          return Settlement.ACCEPT;
        };
    try (RequestQueue first = queue(2, firstIsLong)) {
      first.start();
      await(others);
      assertThat(first.drain(LIMIT)).isTrue();
    }
    CountDownLatch again = new CountDownLatch(3);
    try (RequestQueue second = queue(1, accepting(again))) {
      second.start();
      await(again);
      assertThat(second.drain(LIMIT)).isTrue();
    }
    // The two that were done come again: their handler finds them done.
    assertThat(log).containsExactly("r0 x1", "r1 x1", "r2 x1");
  }
}
