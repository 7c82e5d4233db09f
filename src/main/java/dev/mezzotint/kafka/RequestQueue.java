package dev.mezzotint.kafka;

import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.TransientException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Requests on a fixed number of lanes, one delivery each, until drained. Safe for use by many
 * threads.
 *
 * <p>The promise, whatever the kind: a request is delivered until a delivery of it is accepted, by
 * this worker or another. A delivery that may be another's by now is fenced.
 */
public interface RequestQueue extends AutoCloseable {

  /** Which of Kafka's groups the workers form. */
  enum Kind {
    /** Kafka 4.2 or newer: any worker may take any record. */
    SHARE_GROUP,
    /** Older clusters: every partition is one worker's. */
    CONSUMER_GROUP;

    /** The words of all kinds. */
    public static final List<String> WORDS = Stream.of(values()).map(Kind::wireName).toList();

    /** The word in the configuration. */
    public String wireName() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * @param word one of {@link #WORDS}
     */
    public static Kind of(String word) {
      return valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
  }

  /**
   * A queue that has not been started.
   *
   * @param topics request topics, those of the highest priority first
   * @param lanes how many requests are in hand at once
   * @param paused whether requests of a topic are to be left where they are; asked often
   */
  static RequestQueue of(
      Kind kind,
      KafkaSettings settings,
      List<String> topics,
      int lanes,
      DeliveryHandler handler,
      Predicate<String> paused) {
    return switch (kind) {
      case SHARE_GROUP -> new ShareGroupQueue(settings, topics, lanes, handler, paused);
      case CONSUMER_GROUP -> new ConsumerGroupQueue(settings, topics, lanes, handler, paused);
    };
  }

  /**
   * Creates missing topics, sets the group up and begins to take records. May be called once.
   *
   * @throws TransientException if no broker answers
   * @throws IllegalStateException if the cluster has no such groups
   */
  void start();

  /**
   * Takes nothing more, asks every record in hand to come to a boundary, waits, and closes the
   * consumers. What has not come back after the limit is fenced and given up.
   *
   * @return false if something had to be given up
   */
  boolean drain(Duration limit);

  /** How each lane is doing, for health and metrics. */
  List<LaneMetrics> lanes();

  /** What its lanes have met with, for metrics. */
  QueueMetrics metrics();

  /** Positions of the records that are being worked on. */
  default List<String> inProgress() {
    return lanes().stream().flatMap(lane -> lane.current().stream()).toList();
  }

  /** True while its threads run. */
  boolean alive();

  /** Gives everything up at once. */
  @Override
  default void close() {
    drain(Duration.ofMillis(1));
  }
}
