package dev.mezzotint.kafka;

import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.TransientException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Delivers requests to a handler on a fixed number of lanes, one delivery per lane, until drained.
 * Safe for use by many threads.
 *
 * <p>Guarantee of all kinds: a request is delivered until one of its deliveries is accepted, by
 * this worker or another. A delivery that another worker may have received is fenced.
 */
public interface RequestQueue extends AutoCloseable {

  /** The kind of Kafka group that the workers form. */
  enum Kind {
    /** Kafka 4.2 or newer: any worker may take any record. */
    SHARE_GROUP,
    /** For older clusters: each partition is assigned to one worker. */
    CONSUMER_GROUP;

    public static final List<String> WORDS = Stream.of(values()).map(Kind::wireName).toList();

    /** Kafka's own name of this kind. */
    public GroupType groupType() {
      return this == SHARE_GROUP ? GroupType.SHARE : GroupType.CONSUMER;
    }

    public String wireName() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Called by the configuration, which finds it by its name.
     *
     * @param word one of {@link #WORDS}
     */
    public static Kind of(String word) {
      return valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
  }

  /**
   * Creates a queue without starting it.
   *
   * @param topics request topics, highest priority first
   * @param lanes number of requests processed concurrently
   * @param paused whether a topic is paused; called often
   */
  static RequestQueue of(
      Kind kind,
      KafkaSettings settings,
      List<String> topics,
      int lanes,
      DeliveryHandler handler,
      Predicate<String> paused) {
    RetryTiming timing = RetryTiming.DEFAULT;
    var bytes = new ByteArrayDeserializer();
    return kind == Kind.SHARE_GROUP
        ? new ShareGroupQueue(
            settings,
            topics,
            lanes,
            handler,
            paused,
            timing,
            config -> new KafkaShareConsumer<>(config, bytes, bytes))
        : new ConsumerGroupQueue(
            settings,
            topics,
            lanes,
            handler,
            paused,
            timing,
            config -> new KafkaConsumer<>(config, bytes, bytes));
  }

  /**
   * Creates missing topics, configures the group and starts taking records. May be called once.
   *
   * @throws TransientException if no broker answers, or share groups are off
   */
  void start();

  /**
   * Stops taking records, asks the handlers to stop at their next boundary, waits for them and
   * closes the consumers. Deliveries still in progress after the limit are fenced and abandoned.
   *
   * @return false if a delivery was abandoned
   */
  boolean drain(Duration limit);

  List<LaneMetrics> lanes();

  /**
   * Number of lanes that are members of the group, or wait because their topics are paused. The
   * others take no requests.
   */
  default int members() {
    return problem().isEmpty() ? lanes().size() : 0;
  }

  QueueMetrics metrics();

  default List<String> inProgress() {
    return lanes().stream().flatMap(lane -> lane.current().stream()).toList();
  }

  /**
   * Why no lane takes requests, in one sentence: none has joined the group yet, or all fail. Empty
   * if one works, or waits because its topics are paused.
   */
  Optional<String> problem();

  boolean alive();

  /** Abandons all deliveries immediately. */
  @Override
  default void close() {
    drain(Duration.ofMillis(1));
  }
}
