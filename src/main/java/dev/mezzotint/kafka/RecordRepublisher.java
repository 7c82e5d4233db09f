package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.TransientException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * How records come to a second life under the same job id before the broker drops them.
 *
 * @param copyAt the delivery from which on a record is copied instead of worked on
 * @param releaseDelayMillis the first pause before a release; doubles with each delivery
 * @param metrics counts copies
 */
public record RecordRepublisher(
    int copyAt, long releaseDelayMillis, RecordSender sender, QueueMetrics metrics) {

  /**
   * One delivery is kept in reserve, should a worker die while it copies; except where the broker
   * gives no more than two, the first of which is needed for work.
   *
   * @param deliveryLimit after so many deliveries the broker drops a record
   */
  static RecordRepublisher before(
      int deliveryLimit, long holdMillis, RecordSender sender, QueueMetrics tally) {
    return new RecordRepublisher(Math.max(2, deliveryLimit - 1), holdMillis, sender, tally);
  }

  /**
   * Publishes a copy at the end of the same topic; returns once it is durable.
   *
   * @throws TransientException if the broker did not take it
   */
  void publish(ConsumerRecord<byte[], byte[]> record) {
    sender.send(copy(record));
    metrics.recordCopied();
  }

  /** The same request for the end of its topic, with a word of where it stood first. */
  public static ProducerRecord<byte[], byte[]> copy(ConsumerRecord<byte[], byte[]> record) {
    var copy =
        new ProducerRecord<>(record.topic(), null, record.key(), record.value(), record.headers());
    String origin = HandlerRun.delivery(record, /* count= */ 0).origin();
    copy.headers().remove(Delivery.ORIGIN);
    copy.headers().add(Delivery.ORIGIN, origin.getBytes(US_ASCII));
    return copy;
  }
}
