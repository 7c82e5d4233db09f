package dev.mezzotint.control;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.kafka.EventJson;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.TopicReader;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Follows the events at a distance: a job that may have left something is swept once its end is so
 * old that nobody can still be at work on it. The group's committed offsets remember how far the
 * sweeping has come, so that no bucket is ever listed as a whole.
 *
 * <p>Safe for use by several threads; several of these divide the partitions among themselves.
 */
public final class OrphanSweeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(OrphanSweeper.class.getName());
  private static final Duration POLL = Duration.ofMillis(500);
  private static final long PAUSE_MILLIS_MAX = 10_000;

  private final KafkaSettings settings;
  private final OrphanRemover clean;
  private final Duration minAge;
  private final InstantSource clock;
  private final TopicReader reader = new TopicReader("sweeper", this::run);

  /**
   * Begins to sweep; the topic of events exists.
   *
   * @param distance between a job's end and its sweeping: longer than any worker can be at work
   *     without having heard of the end
   */
  public OrphanSweeper(
      KafkaSettings settings, OrphanRemover sweep, Duration distance, InstantSource clock) {
    this.settings = settings;
    this.clean = sweep;
    this.minAge = distance;
    this.clock = clock;
    reader.start();
  }

  private void run() throws InterruptedException {
    try (KafkaConsumer<byte[], byte[]> consumer =
        TopicReader.consumer(
            settings, "mezzotint-sweeper", Map.of("group.id", settings.groupId() + "-sweeper"))) {
      consumer.subscribe(List.of(settings.topics().events()));
      follow(consumer);
    }
  }

  private void follow(KafkaConsumer<byte[], byte[]> consumer) throws InterruptedException {
    while (!reader.closing()) {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
      long young = Long.MAX_VALUE;
      for (TopicPartition partition : records.partitions()) {
        young = Math.min(young, take(consumer, partition, records.records(partition)));
      }
      if (!records.isEmpty()) {
        consumer.commitSync();
      }
      if (young < Long.MAX_VALUE) {
        // Short enough for the group to know that this member lives.
        reader.pause(Math.min(young, PAUSE_MILLIS_MAX));
      }
    }
  }

  /** Milliseconds until the first record that is still too young; it is read again then. */
  private long take(
      KafkaConsumer<byte[], byte[]> consumer,
      TopicPartition partition,
      List<ConsumerRecord<byte[], byte[]>> records) {
    for (ConsumerRecord<byte[], byte[]> record : records) {
      long left = record.timestamp() + minAge.toMillis() - clock.millis();
      if (left > 0) {
        consumer.seek(partition, new OffsetAndMetadata(record.offset()));
        return left;
      }
      ended(record).ifPresent(this::clean);
    }
    return Long.MAX_VALUE;
  }

  private static Optional<String> ended(ConsumerRecord<byte[], byte[]> record) {
    return Optional.ofNullable(record.value())
        .flatMap(EventJson::read)
        .filter(event -> event.type().terminal() && mayLeaveSomething(event))
        .map(JobEvent::jobId);
  }

  /** Completed trainings may leave checkpoints; of completed pictures everything is listed. */
  private static boolean mayLeaveSomething(JobEvent end) {
    return end.type() != JobEvent.Type.COMPLETED || end.data().containsKey("weightsSha256");
  }

  private void clean(String jobId) {
    int removed = clean.clean(jobId);
    if (removed > 0) {
      LOG.log(
          Level.INFO, "Removed {0} objects that job {1} left behind.", removed, new JobId(jobId));
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
