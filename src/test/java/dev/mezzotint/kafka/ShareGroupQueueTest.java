package dev.mezzotint.kafka;

import dev.mezzotint.job.DeliveryHandler;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

class ShareGroupQueueTest extends RequestQueueContract {

  @Override
  RequestQueue queue(List<String> topics, int lanes, DeliveryHandler handler) {
    return queue(
        topics,
        lanes,
        handler,
        config ->
            new KafkaShareConsumer<>(
                config, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
  }

  private RequestQueue queue(
      List<String> topics,
      int lanes,
      DeliveryHandler handler,
      Function<Map<String, Object>, ShareConsumer<byte[], byte[]>> opener) {
    return new ShareGroupQueue(settings, topics, lanes, handler, paused::contains, PACE, opener);
  }

  @Override
  RequestQueue.Kind kind() {
    return RequestQueue.Kind.SHARE_GROUP;
  }

  @Override
  RequestQueue hangingOnce(DeliveryHandler handler) {
    AtomicBoolean hang = new AtomicBoolean(true);
    return queue(
        List.of(topic),
        1,
        handler,
        config ->
            new KafkaShareConsumer<>(
                config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
              @Override
              public Map<TopicIdPartition, Optional<KafkaException>> commitSync(Duration limit) {
                if (hang.compareAndSet(true, false)) {
                  sleep(LOCK.plusMillis(500));
                }
                return super.commitSync(limit);
              }
            });
  }

  @Override
  int countElsewhere() {
    return 2;
  }
}
