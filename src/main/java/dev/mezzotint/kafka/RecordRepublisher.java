package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.TransientException;
import java.lang.System.Logger.Level;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;

/**
 * Publishes copies of records under the same job id before the broker drops them.
 *
 * @param copyAt the delivery count from which a record is copied instead of processed
 * @param releaseDelayMillis delay before the first release; doubles with each delivery
 * @param metrics counts copies
 */
public record RecordRepublisher(
    int copyAt, long releaseDelayMillis, RecordSender sender, QueueMetrics metrics) {
  private static final System.Logger LOG = System.getLogger(RecordRepublisher.class.getName());

  /**
   * Copies at the last delivery but one, so that one is left if a worker dies while it copies. With
   * a limit of two, the first delivery is needed for processing and the last one copies.
   *
   * @param deliveryLimit number of deliveries after which the broker drops a record
   */
  static RecordRepublisher before(
      int deliveryLimit, long releaseDelayMillis, RecordSender sender, QueueMetrics metrics) {
    return new RecordRepublisher(
        Math.max(2, deliveryLimit - 1), releaseDelayMillis, sender, metrics);
  }

  /**
   * Publishes a copy at the end of the same topic; returns once it is durable.
   *
   * @return false if the broker did not take it, which is logged
   */
  boolean publish(ConsumerRecord<byte[], byte[]> record, Delivery delivery) {
    try {
      sender.send(copy(record));
    } catch (TransientException | RecordTooLargeException e) {
      LOG.log(Level.WARNING, "Could not publish a copy of {0}: {1}", delivery, e.toString());
      return false;
    }
    metrics.recordCopied();
    return true;
  }

  /** Returns the same request for the end of its topic, with its first position as a header. */
  public static ProducerRecord<byte[], byte[]> copy(ConsumerRecord<byte[], byte[]> record) {
    var copy =
        new ProducerRecord<>(record.topic(), null, record.key(), record.value(), record.headers());
    String origin = HandlerRun.delivery(record, /* count= */ 0).origin();
    copy.headers().remove(Delivery.ORIGIN);
    copy.headers().add(Delivery.ORIGIN, origin.getBytes(US_ASCII));
    return copy;
  }
}
