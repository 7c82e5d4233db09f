package dev.mezzotint.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** Reads a topic from its beginning, keeps all it has seen. Used by one thread. */
final class Tail implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /** A record as a receiver sees it. */
  record Letter(long offset, byte @Nullable [] value, Map<String, String> headers) {

    JsonObject json() {
      return JsonObject.parse(value);
    }

    String text(String member) {
      return json().string(member, "");
    }

    boolean is(String type, String jobId) {
      return text("type").equals(type) && text("jobId").equals(jobId);
    }

    /** Of a dead letter: where the record stood that it is a copy of. */
    boolean copies(long offset) {
      return Long.toString(offset).equals(headers.get("mezzotint-offset"));
    }
  }

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final List<Letter> seen = new ArrayList<>();

  Tail(String bootstrapServers, String topic) {
    consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrapServers, "max.partition.fetch.bytes", 8 << 20),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    TopicPartition only = new TopicPartition(topic, 0);
    consumer.assign(List.of(only));
    consumer.seekToBeginning(List.of(only));
  }

  /** The first that fits, seen before or still to come. */
  Letter await(String what, Predicate<Letter> wanted) {
    return await(what, 1, wanted).get(0);
  }

  /** As soon as there are {@code count} that fit. */
  List<Letter> await(String what, int count, Predicate<Letter> wanted) {
    long end = System.nanoTime() + LIMIT.toNanos();
    List<Letter> found = all(wanted);
    while (found.size() < count) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            found.size() + " instead of " + count + " " + what + " among " + texts());
      }
      poll(Duration.ofMillis(100));
      found = all(wanted);
    }
    return found;
  }

  /** Of all seen so far, and of what is there now. */
  List<Letter> now(Predicate<Letter> wanted) {
    int before;
    do {
      before = seen.size();
      poll(Duration.ofMillis(300));
    } while (seen.size() > before);
    return all(wanted);
  }

  private List<Letter> all(Predicate<Letter> wanted) {
    return seen.stream().filter(wanted).toList();
  }

  private void poll(Duration limit) {
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(limit)) {
      Map<String, String> headers = new LinkedHashMap<>();
      for (Header header : record.headers()) {
        headers.put(header.key(), new String(header.value(), UTF_8));
      }
      seen.add(new Letter(record.offset(), record.value(), headers));
    }
  }

  private List<String> texts() {
    return seen.stream()
        .map(letter -> letter.value() == null ? "null" : new String(letter.value(), UTF_8))
        .filter(text -> !text.contains("\"type\":\"progressed\""))
        .map(text -> text.substring(0, Math.min(300, text.length())))
        .toList();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
