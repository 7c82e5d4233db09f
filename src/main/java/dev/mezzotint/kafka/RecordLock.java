package dev.mezzotint.kafka;

import dev.mezzotint.job.Delivery;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;

/**
 * The broker's lock on the one record that a share consumer holds.
 *
 * <p>A renewal is {@code acknowledge(RENEW)}, {@code commitSync()}, short {@code poll()}. The
 * documented form without {@code commitSync()} makes the client acquire further records that the
 * application never receives; their locks expire until the broker drops them, and jobs are lost
 * without an error.
 *
 * <p>Not safe for use by several threads, like the consumer.
 */
record RecordLock(ShareConsumer<byte[], byte[]> consumer, ConsumerRecord<byte[], byte[]> record) {
  private static final System.Logger LOG = System.getLogger(RecordLock.class.getName());
  private static final Duration RENEWAL_POLL = Duration.ofMillis(100);
  private static final Duration SETTLE_LIMIT = Duration.ofSeconds(10);
  private static final int MILLIS_DEFAULT = 30_000;

  Delivery delivery() {
    return HandlerRun.delivery(record, record.deliveryCount().map(Short::intValue).orElse(1));
  }

  /** Duration of the lock from its acquisition or renewal. */
  long millis() {
    return consumer.acquisitionLockTimeoutMs().orElse(MILLIS_DEFAULT);
  }

  /** Returns false if the renewal failed: another worker may have the record. */
  boolean renew(Duration limit) {
    try {
      consumer.acknowledge(record, AcknowledgeType.RENEW);
      if (!committed(consumer.commitSync(limit))) {
        return false;
      }
      // The client returns a renewed record again and accepts no acknowledgement before that.
      ConsumerRecords<byte[], byte[]> again = consumer.poll(RENEWAL_POLL);
      for (ConsumerRecord<byte[], byte[]> same : again) {
        return same.offset() == record.offset() && same.topic().equals(record.topic());
      }
      return false;
    } catch (KafkaException | IllegalStateException e) {
      LOG.log(Level.DEBUG, "a renewal failed", e);
      return false;
    }
  }

  /** Returns false if the acknowledgement failed and the broker will redeliver the record. */
  boolean settle(AcknowledgeType type) {
    try {
      consumer.acknowledge(record, type);
      if (committed(consumer.commitSync(SETTLE_LIMIT))) {
        return true;
      }
    } catch (KafkaException | IllegalStateException e) {
      LOG.log(Level.DEBUG, "an acknowledgement failed", e);
    }
    LOG.log(
        Level.WARNING,
        "The broker rejected {0} of {1} and will redeliver the record.",
        type,
        delivery());
    return false;
  }

  private static boolean committed(Map<TopicIdPartition, Optional<KafkaException>> answers) {
    answers.values().stream()
        .flatMap(Optional::stream)
        .forEach(e -> LOG.log(Level.DEBUG, "the broker refused an acknowledgement", e));
    return !answers.isEmpty() && answers.values().stream().allMatch(Optional::isEmpty);
  }
}
