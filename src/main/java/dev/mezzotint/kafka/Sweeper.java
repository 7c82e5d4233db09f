package dev.mezzotint.kafka;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.OrphanSweep;
import dev.mezzotint.job.TransientException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Follows the events at a distance: a job that ended otherwise than completed is swept once its end
 * is so old that nobody can still be at work on it. The group's committed offsets remember how far
 * the sweeping has come, so that no bucket is ever listed as a whole.
 *
 * <p>Safe for use by several threads; several of these divide the partitions among themselves.
 */
public final class Sweeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Sweeper.class.getName());
  private static final Duration POLL = Duration.ofMillis(500);
  private static final long PAUSE_MILLIS_MAX = 10_000;

  private final KafkaSettings settings;
  private final OrphanSweep sweep;
  private final Duration distance;
  private final InstantSource clock;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "sweeper");

  /**
   * Begins to sweep; the topic of events exists.
   *
   * @param distance between a job's end and its sweeping: longer than any worker can be at work
   *     without having heard of the end
   */
  public Sweeper(
      KafkaSettings settings, OrphanSweep sweep, Duration distance, InstantSource clock) {
    this.settings = settings;
    this.sweep = sweep;
    this.distance = distance;
    this.clock = clock;
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    while (closing.getCount() > 0) {
      try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
        consumer.subscribe(List.of(settings.topics().events()));
        follow(consumer);
      } catch (KafkaException | TransientException e) {
        LOG.log(Level.WARNING, "Sweeping begins anew: {0}", e.getMessage());
      } catch (InterruptedException e) {
        return;
      }
      pause(1_000);
    }
  }

  private void follow(KafkaConsumer<byte[], byte[]> consumer) throws InterruptedException {
    while (closing.getCount() > 0) {
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
        pause(Math.min(young, PAUSE_MILLIS_MAX));
      }
    }
  }

  /** Milliseconds until the first record that is still too young; it is read again then. */
  private long take(
      KafkaConsumer<byte[], byte[]> consumer,
      TopicPartition partition,
      List<ConsumerRecord<byte[], byte[]>> records) {
    for (ConsumerRecord<byte[], byte[]> record : records) {
      long left = record.timestamp() + distance.toMillis() - clock.millis();
      if (left > 0) {
        consumer.seek(partition, new OffsetAndMetadata(record.offset()));
        return left;
      }
      ended(record).ifPresent(this::sweep);
    }
    return Long.MAX_VALUE;
  }

  private static Optional<String> ended(ConsumerRecord<byte[], byte[]> record) {
    return Optional.ofNullable(record.value())
        .flatMap(EventJson::read)
        .filter(event -> event.type().terminal() && event.type() != JobEvent.Type.COMPLETED)
        .map(JobEvent::jobId);
  }

  private void sweep(String jobId) {
    int removed = sweep.sweep(jobId);
    if (removed > 0) {
      LOG.log(Level.INFO, "Removed {0} objects that job {1} left behind.", removed, jobId);
    }
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    return new KafkaConsumer<>(
        settings.client(
            "mezzotint-sweeper",
            Map.of(
                "group.id", settings.groupId() + "-sweeper",
                "enable.auto.commit", "false",
                "auto.offset.reset", "earliest")),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private void pause(long millis) {
    try {
      boolean unused = closing.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join(3_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
