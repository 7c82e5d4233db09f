package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;

/**
 * Events as CloudEvents 1.0 in binary mode (attributes as {@code ce_} headers), keyed by job id;
 * dead letters as copies of the request with headers that say why.
 *
 * <p>Safe for use by many threads. Topics: {@link Topics#events} and {@link Topics#deadLetters}.
 */
public final class KafkaEvents implements EventPublisher {
  private static final Logger LOG = Logger.getLogger(KafkaEvents.class.getName());
  private static final int CAUSE_CHARS_MAX = 2000;

  /** Stands in an event whose further members the topic would not take. */
  static final String TRUNCATED = "truncated";

  private final KafkaSettings settings;
  private final String objectPrefix;
  private final RecordSender sender;

  /** With references to objects as they are: keys in the bucket. */
  public KafkaEvents(KafkaSettings settings) {
    this(settings, "");
  }

  /**
   * @param objects what makes an object's key a reference for others: {@code s3://bucket/}
   */
  public KafkaEvents(KafkaSettings settings, String objects) {
    this.settings = settings;
    this.objectPrefix = objects;
    this.sender = new RecordSender(settings, settings.groupId() + "-events");
  }

  @Override
  public void publish(JobEvent event) {
    try {
      sender.send(record(event, event.data()));
    } catch (RecordTooLargeException e) {
      // That a job has ended must be heard even where its details do not fit.
      LOG.log(
          Level.WARNING,
          "Event {0} is larger than topic {1} takes; published in short.",
          new Object[] {event.id(), settings.topics().events()});
      sender.send(record(event, essentials(event.data())));
    }
  }

  /** So much that the event still is what its schema says. */
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
    // The extension compares sequences as texts.
    attributes.put("ce_sequence", String.format(Locale.ROOT, "%012d", event.sequence()));
    attributes.put("content-type", "application/json");
    attributes.forEach((name, value) -> record.headers().add(name, value.getBytes(UTF_8)));
    return record;
  }

  /** A trace is Kafka's own affair as well, so it goes by the name that every tracer knows. */
  private static String header(String attribute) {
    return attribute.startsWith("trace") ? attribute : "ce_" + attribute;
  }

  @Override
  public void deadLetter(Delivery delivery, String jobId, int attempt, String field, String cause) {
    Map<String, String> why = deadLetterHeaders(delivery, jobId, attempt, field, cause);
    try {
      sender.send(deadLetter(delivery, delivery.value(), why));
    } catch (RecordTooLargeException e) {
      // The original can be found by its position; the cause must not be lost with it.
      why.put(DeadLetters.TRUNCATED, Integer.toString(delivery.value().length));
      sender.send(deadLetter(delivery, new byte[0], why));
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
    // A letter that was dead before, replayed and refused again tells of its last death only.
    delivery.headers().stream()
        .filter(header -> !DeadLetters.HEADERS.contains(header.getKey()))
        .forEach(header -> record.headers().add(header.getKey(), header.getValue()));
    why.forEach((name, value_) -> record.headers().add(name, value_.getBytes(UTF_8)));
    return record;
  }

  private static String truncate(String text) {
    return text.length() <= CAUSE_CHARS_MAX ? text : text.substring(0, CAUSE_CHARS_MAX) + "…";
  }

  /** Waits up to 5 s for what is under way. */
  @Override
  public void close() {
    sender.close();
  }
}
