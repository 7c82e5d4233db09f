package dev.mezzotint.kafka;

import dev.mezzotint.job.Cancellations;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The control topic as every worker reads it: all of it, from the beginning, in no group.
 *
 * <table>
 *   <tr><th>key</th><th>value</th><th>taken back by</th></tr>
 *   <tr><td>a job id</td><td>{@code {"action": "cancel"}}</td><td>no value</td></tr>
 *   <tr><td>{@code topic/} and a request topic's name</td><td>{@code {"action": "pause"}}</td>
 *       <td>{@code {"action": "resume"}} or no value</td></tr>
 * </table>
 *
 * <p>Compacted, so what it says of a job stays for as long as the cluster keeps it, and a
 * cancellation that comes before its job is known as well. Safe for use by many threads.
 */
public final class ControlTopic implements Cancellations, AutoCloseable {
  private static final Logger LOG = Logger.getLogger(ControlTopic.class.getName());
  private static final Duration POLL = Duration.ofMillis(250);

  /** Before a topic's name in a key; a job id has no slash. */
  public static final String TOPIC_KEY = "topic/";

  private final KafkaSettings settings;
  private final Consumer<String> onCancel;
  private final Set<String> cancelled = ConcurrentHashMap.newKeySet();
  private final Set<String> paused = ConcurrentHashMap.newKeySet();
  private final CountDownLatch loaded = new CountDownLatch(1);
  private final TopicReader reader = new TopicReader("control-topic", this::run);

  /** As below, with nobody to tell. */
  public ControlTopic(KafkaSettings settings) {
    this(settings, jobId -> {});
  }

  /**
   * Begins to read; the topic exists.
   *
   * @param calledOff told of every job that is called off, at the latest when it is; must be quick
   */
  public ControlTopic(KafkaSettings settings, Consumer<String> calledOff) {
    this.settings = settings;
    this.onCancel = calledOff;
    reader.start();
  }

  @Override
  public boolean cancelled(String jobId) {
    return cancelled.contains(jobId);
  }

  /** Whether requests of this topic are to be left where they are. */
  public boolean paused(String topic) {
    return paused.contains(topic);
  }

  /**
   * Waits until all that stood in the topic at the start is known.
   *
   * @return false if that has not come about within the limit
   */
  public boolean awaitLoaded(Duration limit) throws InterruptedException {
    return loaded.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void run() {
    try (KafkaConsumer<byte[], byte[]> consumer =
        TopicReader.consumer(settings, "mezzotint-control", Map.of())) {
      read(consumer);
    }
  }

  private void read(KafkaConsumer<byte[], byte[]> consumer) {
    List<TopicPartition> partitions =
        consumer.partitionsFor(settings.topics().control()).stream()
            .map(p -> new TopicPartition(p.topic(), p.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    while (!reader.closing()) {
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

  /** What nobody understands is passed over: it must not keep others from being heard. */
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
      LOG.log(Level.WARNING, "A record of the control topic is passed over: {0}", e.getMessage());
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
      LOG.log(Level.INFO, "{0}: {1}", new Object[] {action, topic});
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
