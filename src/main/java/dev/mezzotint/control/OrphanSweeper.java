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
 * Reads terminal events and runs the {@link OrphanCleaner} for each job once its end is so old that
 * no worker can still be writing. The group's committed offsets store the progress, so that the
 * bucket is never listed as a whole.
 *
 * <p>Safe for use by several threads; several instances divide the partitions among themselves.
 */
public final class OrphanSweeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(OrphanSweeper.class.getName());
  private static final Duration POLL = Duration.ofMillis(500);
  private static final long PAUSE_MILLIS_MAX = 10_000;

  private final KafkaSettings settings;
  private final OrphanCleaner cleaner;
  private final Duration minAge;
  private final InstantSource clock;
  private final TopicReader reader;

  /**
   * Starts reading; the event topic must exist.
   *
   * @param minAge time between a job's end and its cleaning: longer than a worker can continue
   *     without noticing the end
   */
  public OrphanSweeper(
      KafkaSettings settings, OrphanCleaner cleaner, Duration minAge, InstantSource clock) {
    this.settings = settings;
    this.cleaner = cleaner;
    this.minAge = minAge;
    this.clock = clock;
    this.reader = new TopicReader(settings, "sweeper", this::run);
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
        // Short enough to stay a member of the group.
        reader.pause(Math.min(young, PAUSE_MILLIS_MAX));
      }
    }
  }

  /** Milliseconds until the first record that is too young will be old enough; read again then. */
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
    return EventJson.read(record.value())
        .filter(event -> event.type().terminal() && mayLeaveObjects(event))
        .map(JobEvent::jobId);
  }

  /** Completed trainings may leave checkpoints; a completed generation lists all of its objects. */
  private static boolean mayLeaveObjects(JobEvent end) {
    return end.type() != JobEvent.Type.COMPLETED || end.data().containsKey("weightsSha256");
  }

  private void clean(String jobId) {
    int removed = cleaner.clean(jobId);
    if (removed > 0) {
      LOG.log(Level.INFO, "Removed {0} orphaned objects of job {1}.", removed, new JobId(jobId));
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
