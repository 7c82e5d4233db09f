package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;

/**
 * Publishes events as CloudEvents 1.0 in binary mode (attributes as {@code ce_} headers), keyed by
 * job id, and dead letters as copies of the request with headers that say why it failed.
 *
 * <p>Safe for use by many threads. Topics: {@link Topics#events} and {@link Topics#deadLetters}.
 */
public final class KafkaEvents implements EventPublisher {
  private static final System.Logger LOG = System.getLogger(KafkaEvents.class.getName());
  private static final int CAUSE_CHARS_MAX = 2000;

  /** Member of an event from which large members were removed to fit the topic. */
  static final String TRUNCATED = "truncated";

  private final KafkaSettings settings;
  private final String objectPrefix;
  private final RecordSender sender;

  /**
   * @param objectPrefix makes an object's key a URI: {@code s3://bucket/}; empty for the key alone
   */
  public KafkaEvents(KafkaSettings settings, String objectPrefix) {
    this.settings = settings;
    this.objectPrefix = objectPrefix;
    this.sender = new RecordSender(settings, settings.groupId() + "-events");
  }

  @Override
  public void publish(JobEvent event) {
    try {
      sender.send(record(event, event.data()));
    } catch (RecordTooLargeException e) {
      // The end of a job must be published even if its details do not fit.
      LOG.log(
          Level.WARNING,
          "Event {0} is too large for topic {1}; published without its large members.",
          event.id(),
          settings.topics().events());
      sender.send(record(event, essentials(event.data())));
    }
  }

  /** The members that fit and keep the event valid against its schema. */
  private static Map<String, Object> essentials(Map<String, Object> data) {
    Map<String, Object> few = new HashMap<>();
    data.forEach(
        (name, value) -> {
          if (value instanceof String text) {
            few.put(name, truncate(text));
          } else if (value instanceof Number || value instanceof Boolean) {
            few.put(name, value);
          }
        });
    few.put(TRUNCATED, true);
    return few;
  }

  @Override
  public CompletableFuture<Void> send(JobEvent event) {
    return sender.start(record(event, event.data()));
  }

  @Override
  public void publishLater(JobEvent event) {
    sender.sendLater(record(event, event.data()));
  }

  ProducerRecord<byte[], byte[]> record(JobEvent event, Map<String, Object> data) {
    byte[] key = event.jobId().isEmpty() ? null : event.jobId().getBytes(UTF_8);
    var record =
        new ProducerRecord<>(settings.topics().events(), null, key, EventJson.write(event, data));
    Map<String, String> attributes = new LinkedHashMap<>();
    attributes.put("ce_specversion", "1.0");
    attributes.put("ce_id", event.id());
    attributes.put("ce_source", settings.source());
    attributes.put("ce_type", "dev.mezzotint.job." + event.type().wireName());
    attributes.put("ce_time", event.time().toString());
    if (!event.jobId().isEmpty()) {
      attributes.put("ce_subject", event.jobId());
      attributes.put("ce_partitionkey", event.jobId());
    }
    Object manifest = data.get("manifest");
    if (manifest != null) {
      attributes.put("ce_dataref", objectPrefix + manifest);
    }
    if (!event.jobId().isEmpty()) {
      attributes.put("ce_correlationid", event.jobId());
    }
    event.context().attributes().forEach((name, value) -> attributes.put(header(name), value));
    // The sequence extension compares strings.
    attributes.put("ce_sequence", String.format(Locale.ROOT, "%012d", event.sequence()));
    attributes.put("content-type", "application/json");
    attributes.forEach((name, value) -> record.headers().add(name, value.getBytes(UTF_8)));
    return record;
  }

  /** Trace headers have no prefix, so that tracers of Kafka clients find them. */
  private static String header(String attribute) {
    return attribute.startsWith("trace") ? attribute : "ce_" + attribute;
  }

  @Override
  public void deadLetter(Delivery delivery, String jobId, int attempt, String field, String cause) {
    Map<String, String> added = deadLetterHeaders(delivery, jobId, attempt, field, cause);
    try {
      sender.send(deadLetter(delivery, delivery.value(), added));
    } catch (RecordTooLargeException e) {
      // The request can be found by its position; the cause must not be lost.
      added.put(DeadLetters.TRUNCATED, Integer.toString(delivery.value().length));
      sender.send(deadLetter(delivery, new byte[0], added));
    }
  }

  static Map<String, String> deadLetterHeaders(
      Delivery delivery, String jobId, int attempt, String field, String cause) {
    Map<String, String> why = new HashMap<>();
    why.put(DeadLetters.CAUSE, truncate(cause));
    why.put(DeadLetters.FIELD, truncate(field));
    why.put(DeadLetters.JOB, truncate(jobId));
    why.put(DeadLetters.ATTEMPT, Integer.toString(attempt));
    why.put(DeadLetters.TOPIC, delivery.topic());
    why.put(DeadLetters.PARTITION, Integer.toString(delivery.partition()));
    why.put(DeadLetters.OFFSET, Long.toString(delivery.offset()));
    return why;
  }

  ProducerRecord<byte[], byte[]> deadLetter(
      Delivery delivery, byte[] value, Map<String, String> why) {
    var record = new ProducerRecord<>(settings.topics().deadLetters(), null, delivery.key(), value);
    // A request that was replayed and failed again keeps only the headers of its last failure.
    delivery.headers().stream()
        .filter(header -> !DeadLetters.HEADERS.contains(header.getKey()))
        .forEach(header -> record.headers().add(header.getKey(), header.getValue()));
    why.forEach((name, value_) -> record.headers().add(name, value_.getBytes(UTF_8)));
    return record;
  }

  private static String truncate(String text) {
    return text.length() <= CAUSE_CHARS_MAX ? text : text.substring(0, CAUSE_CHARS_MAX) + "…";
  }

  /** Waits up to 5 s for records in flight. */
  @Override
  public void close() {
    sender.close();
  }
}
