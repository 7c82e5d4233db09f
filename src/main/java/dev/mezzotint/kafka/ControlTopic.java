package dev.mezzotint.kafka;

import dev.mezzotint.job.Cancellations;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Reads the control topic: cancellations and pauses. Every worker reads all of it from the
 * beginning, without a group.
 *
 * <table>
 *   <tr><th>key</th><th>value</th><th>reverted by</th></tr>
 *   <tr><td>a job id</td><td>{@code {"action": "cancel"}}</td><td>no value</td></tr>
 *   <tr><td>{@code topic/} and a request topic's name</td><td>{@code {"action": "pause"}}</td>
 *       <td>{@code {"action": "resume"}} or no value</td></tr>
 * </table>
 *
 * <p>The topic is compacted, so a cancellation stays for as long as the cluster keeps it and may
 * precede its job. Safe for use by many threads.
 */
public final class ControlTopic implements Cancellations, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ControlTopic.class.getName());
  private static final Duration POLL = Duration.ofMillis(250);

  /** Prefix of the key of a topic's record; job ids contain no slash. */
  public static final String TOPIC_KEY = "topic/";

  private final KafkaSettings settings;
  private final Consumer<String> onCancel;
  private final Set<String> cancelled = ConcurrentHashMap.newKeySet();
  private final Set<String> paused = ConcurrentHashMap.newKeySet();
  private final CountDownLatch loaded = new CountDownLatch(1);
  private final TopicReader reader;

  /**
   * Starts reading; the topic must exist.
   *
   * @param onCancel receives the id of each cancelled job; may be called repeatedly; must be quick
   */
  public ControlTopic(KafkaSettings settings, Consumer<String> onCancel) {
    this.settings = settings;
    this.onCancel = onCancel;
    this.reader = new TopicReader(settings, "control-topic", this::run);
    reader.start();
  }

  @Override
  public boolean isCancelled(String jobId) {
    return cancelled.contains(jobId);
  }

  public boolean paused(String topic) {
    return paused.contains(topic);
  }

  /**
   * Waits until all records that the topic had at the start have been read.
   *
   * @return false after the time limit
   */
  public boolean awaitLoaded(Duration limit) throws InterruptedException {
    return loaded.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Why the topic cannot be read, in one sentence; empty if nothing has failed. */
  public Optional<String> failure() {
    return reader.failure();
  }

  private void run() {
    try (KafkaConsumer<byte[], byte[]> consumer =
        TopicReader.consumer(settings, "mezzotint-control", Map.of())) {
      read(consumer);
    }
  }

  private void read(KafkaConsumer<byte[], byte[]> consumer) {
    List<TopicPartition> partitions = TopicReader.partitions(consumer, settings.topics().control());
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    while (!reader.closing()) {
      TopicReader.assignAdded(consumer, List.of(settings.topics().control()));
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        apply(record.key(), record.value());
      }
      if (loaded.getCount() > 0
          && ends.entrySet().stream()
              .allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
        loaded.countDown();
      }
    }
  }

  /** Skips invalid records, so that they do not block the others. */
  private void apply(byte @Nullable [] key, byte @Nullable [] value) {
    if (key == null) {
      return;
    }
    String name = new String(key, StandardCharsets.UTF_8);
    try {
      String action = value == null ? "" : JsonObject.parse(value).string("action", "");
      if (name.startsWith(TOPIC_KEY)) {
        applyPause(name.substring(TOPIC_KEY.length()), value == null ? "resume" : action);
      } else if (value == null) {
        cancelled.remove(name);
      } else if (action.equals("cancel")) {
        cancelled.add(name);
        onCancel.accept(name);
      }
    } catch (InvalidInputException e) {
      LOG.log(Level.WARNING, "Skipped a record of the control topic: {0}", e.getMessage());
    }
  }

  private void applyPause(String topic, String action) {
    boolean changed =
        switch (action) {
          case "pause" -> paused.add(topic);
          case "resume" -> paused.remove(topic);
          default -> false;
        };
    if (changed) {
      LOG.log(Level.INFO, "{0}: {1}", action, topic);
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
