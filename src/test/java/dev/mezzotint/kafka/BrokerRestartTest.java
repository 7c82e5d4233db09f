package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.local.LocalStack;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerRestartTest {
  @TempDir Path data;

  @Test
  void lanes_afterABrokerRestart_continueAndRedeliverTheCurrentRecord() throws Exception {
    ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch fenced = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(2);
    DeliveryHandler handler =
        delivery -> {
          String value = new String(delivery.value(), UTF_8);
          if (held.getCount() > 0) {
            held.countDown();
            while (!delivery.fenced()) {
              Thread.sleep(20);
            }
            fenced.countDown();
          } else {
            log.add(value);
            done.countDown();
          }
          return Settlement.ACCEPT;
        };
    LocalStack.Options options =
        new LocalStack.Options(
            0, 0, java.util.Map.of("group.share.min.record.lock.duration.ms", "1000"));
    try (LocalStack stack = LocalStack.start(data, options)) {
      KafkaSettings settings =
          KafkaSettings.of(stack.bootstrapServers()).withLockDuration(Duration.ofSeconds(3));
      try (RecordSender sender = new RecordSender(settings, "test");
          RequestQueue queue =
              RequestQueue.of(
                  RequestQueue.Kind.SHARE_GROUP,
                  settings,
                  List.of("jobs"),
                  1,
                  handler,
                  topic -> false)) {
        sender.send(new ProducerRecord<>("jobs", "before".getBytes(UTF_8)));
        queue.start();
        await(held);

        stack.stopBroker();
        await(fenced);
        stack.startBroker();
        sender.send(new ProducerRecord<>("jobs", "after".getBytes(UTF_8)));

        await(done);
        assertThat(log).containsExactlyInAnyOrder("before", "after");
        assertThat(queue.drain(Duration.ofSeconds(10))).isTrue();
      }
    }
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(40, TimeUnit.SECONDS)).isTrue();
  }
}
