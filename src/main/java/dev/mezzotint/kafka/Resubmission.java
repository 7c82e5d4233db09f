package dev.mezzotint.kafka;

import dev.mezzotint.job.TransientException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * How records come to a second life under the same job id before the broker drops them.
 *
 * @param deliveryLimit after so many deliveries the broker drops a record
 * @param holdMillis the first pause before a release; doubles with each delivery
 */
record Resubmission(int deliveryLimit, long holdMillis, RecordSender sender) {

  /**
   * Publishes a copy at the end of the same topic; returns once it is durable.
   *
   * @throws TransientException if the broker did not take it
   */
  void publish(ConsumerRecord<byte[], byte[]> record) {
    sender.send(
        new ProducerRecord<>(record.topic(), null, record.key(), record.value(), record.headers()));
  }
}
