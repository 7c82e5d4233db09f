package dev.mezzotint.kafka;

import dev.mezzotint.job.TransientException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** An idempotent producer that waits for all in-sync replicas. Safe for use by many threads. */
public final class RecordSender implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RecordSender.class.getName());

  /** Above the limit of any topic: {@code max.message.bytes} decides, not the producer. */
  private static final int REQUEST_BYTES_MAX = 64 << 20;

  private static final Duration SEND_LIMIT = Duration.ofSeconds(20);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private final KafkaProducer<byte[], byte[]> producer;
  private final KafkaSettings settings;

  /**
   * Does not connect yet.
   *
   * @throws dev.mezzotint.json.InvalidInputException naming a setting of the clients that is wrong
   * @throws TransientException if no name of a broker can be resolved
   */
  public RecordSender(KafkaSettings settings, String clientId) {
    this.settings = settings;
    Map<String, Object> own = new HashMap<>();
    own.put("acks", "all");
    own.put("enable.idempotence", "true");
    own.put("max.request.size", REQUEST_BYTES_MAX);
    own.put("buffer.memory", 2L * REQUEST_BYTES_MAX);
    own.put("max.block.ms", 10_000);
    own.put("request.timeout.ms", 10_000);
    own.put("delivery.timeout.ms", (int) SEND_LIMIT.toMillis());
    own.put("linger.ms", 0);
    Map<String, Object> config = settings.client(clientId, own);
    this.producer =
        KafkaErrors.open(
            settings,
            () ->
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()));
  }

  /**
   * Returns once the broker has the record on all in-sync replicas.
   *
   * @throws RecordTooLargeException if the record is too large for the topic
   * @throws TransientException if the broker did not acknowledge it within 20 s
   */
  public void send(ProducerRecord<byte[], byte[]> record) {
    try {
      start(record).get(SEND_LIMIT.toMillis() + 11_000, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw failure(record, e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      throw failure(record, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while writing to topic " + record.topic(), e);
    }
  }

  /**
   * Starts to send a record. Records of one thread to one partition are stored in this order,
   * unless one of them fails.
   *
   * @return completes once the broker has the record on all in-sync replicas, or fails with Kafka's
   *     own exception after 20 s
   */
  CompletableFuture<Void> start(ProducerRecord<byte[], byte[]> record) {
    CompletableFuture<Void> stored = new CompletableFuture<>();
    try {
      Future<RecordMetadata> unused =
          producer.send(
              record,
              (metadata, e) -> {
                if (e == null) {
                  stored.complete(null);
                } else {
                  // As it is: to describe it may take a connection, and this thread sends records.
                  stored.completeExceptionally(e);
                }
              });
    } catch (KafkaException e) {
      stored.completeExceptionally(e);
    }
    return stored;
  }

  private RuntimeException failure(ProducerRecord<byte[], byte[]> record, Throwable cause) {
    if (cause instanceof RecordTooLargeException tooLarge) {
      return tooLarge;
    }
    return new TransientException(
        "topic %s did not take a record: %s"
            .formatted(record.topic(), KafkaErrors.message(KafkaErrors.failure(settings, cause))),
        cause);
  }

  /** Returns immediately; failures are only logged. */
  void sendLater(ProducerRecord<byte[], byte[]> record) {
    CompletableFuture<Void> unused =
        start(record)
            .exceptionally(
                e -> {
                  LOG.log(Level.DEBUG, () -> "lost a record for topic " + record.topic(), e);
                  return null;
                });
  }

  /** Waits up to 5 s for records in flight. */
  @Override
  public void close() {
    producer.close(CLOSE_LIMIT);
  }
}
