package dev.mezzotint.kafka;

import dev.mezzotint.job.Cancellations;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EarlyEnds;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.job.WaitingJobs;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the request topics beside the workers, in no group, and ends jobs that wait there and are
 * called off or late. Takes no record from anybody.
 *
 * <p>Several of these may run: the first manifest of a job counts. Where none runs, such jobs end
 * when a worker takes them. Safe for use by many threads.
 */
public final class RequestTail implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RequestTail.class.getName());
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration LOOKUP = Duration.ofSeconds(3);
  private static final Duration AGAIN = Duration.ofSeconds(2);
  private static final long SETTLED_SECONDS = 10;

  private final KafkaSettings settings;
  private final List<String> topics;
  private final EarlyEnds ends;
  private final Cancellations cancellations;
  private final InstantSource clock;
  private final int capacity;
  private final Queue<String> calledOff = new ConcurrentLinkedQueue<>();
  private final TopicReader reader = new TopicReader("request-tail", this::run);

  /**
   * Begins to read; the topics exist.
   *
   * @param capacity requests that are remembered at most; the others end when they are taken
   */
  public RequestTail(
      KafkaSettings settings,
      List<String> topics,
      EarlyEnds ends,
      Cancellations cancellations,
      InstantSource clock,
      int capacity) {
    this.settings = settings;
    this.topics = List.copyOf(topics);
    this.ends = ends;
    this.cancellations = cancellations;
    this.clock = clock;
    this.capacity = capacity;
    reader.start();
  }

  /** Somebody has called this job off just now. */
  public void calledOff(String jobId) {
    calledOff.add(jobId);
  }

  private void run() throws InterruptedException {
    try (KafkaConsumer<byte[], byte[]> tail =
            TopicReader.consumer(settings, "mezzotint-tail", Map.of());
        KafkaConsumer<byte[], byte[]> lookup =
            TopicReader.consumer(settings, "mezzotint-lookup", Map.of());
        SettledOffsets settled = new SettledOffsets(settings)) {
      read(tail, lookup, settled);
    }
  }

  private void read(
      KafkaConsumer<byte[], byte[]> tail,
      KafkaConsumer<byte[], byte[]> lookup,
      SettledOffsets settled)
      throws InterruptedException {
    List<TopicPartition> partitions =
        topics.stream()
            .flatMap(topic -> tail.partitionsFor(topic).stream())
            .map(p -> new TopicPartition(p.topic(), p.partition()))
            .toList();
    tail.assign(partitions);
    // Learns its brokers now: the first job that ends early is not to wait for that.
    topics.forEach(lookup::partitionsFor);
    tail.seekToBeginning(partitions);
    Map<TopicPartition, Long> before = settled.read(partitions);
    before.forEach(tail::seek);
    WaitingJobs jobs = new WaitingJobs(capacity);
    long asked = System.nanoTime();
    while (!reader.closing()) {
      for (ConsumerRecord<byte[], byte[]> record : tail.poll(POLL)) {
        remember(jobs, record);
      }
      for (String id = calledOff.poll(); id != null; id = calledOff.poll()) {
        jobs.calledOff(id, clock.instant());
      }
      for (Map.Entry<String, WaitingJobs.Place> due : jobs.due(clock.instant())) {
        end(jobs, lookup, due.getKey(), due.getValue());
      }
      if (System.nanoTime() - asked > TimeUnit.SECONDS.toNanos(SETTLED_SECONDS)) {
        settled.read(partitions).forEach((p, o) -> jobs.settled(p.topic(), p.partition(), o));
        asked = System.nanoTime();
      }
    }
  }

  private void remember(WaitingJobs jobs, ConsumerRecord<byte[], byte[]> record) {
    Optional<EarlyEnds.Waiting> waiting = ends.read(Attempt.delivery(record, 0));
    if (waiting.isEmpty()) {
      return;
    }
    String id = waiting.get().id();
    WaitingJobs.Place place =
        new WaitingJobs.Place(record.topic(), record.partition(), record.offset());
    if (jobs.seen(id, place, waiting.get().deadline()) && cancellations.cancelled(id)) {
      jobs.calledOff(id, clock.instant());
    }
  }

  private void end(
      WaitingJobs jobs, KafkaConsumer<byte[], byte[]> lookup, String id, WaitingJobs.Place place)
      throws InterruptedException {
    try {
      Optional<Delivery> record = fetch(lookup, place);
      if (record.isPresent() && ends.end(record.get())) {
        LOG.log(Level.INFO, "Job {0} has ended while it waited.", id);
      }
    } catch (TransientException e) {
      LOG.log(Level.WARNING, "Job {0} could not be ended yet: {1}", id, e.getMessage());
      Instant later = clock.instant().plus(AGAIN);
      jobs.again(id, later);
    } catch (KafkaException e) {
      throw e;
    } catch (RuntimeException e) {
      // A defect of ours with this job alone: it ends when a worker takes it.
      LOG.log(Level.ERROR, "Job " + id + " could not be ended early", e);
    }
  }

  /** Read again instead of kept: a jobs may be long, and few of its jobs end early. */
  private static Optional<Delivery> fetch(
      KafkaConsumer<byte[], byte[]> lookup, WaitingJobs.Place place) {
    TopicPartition partition = new TopicPartition(place.topic(), place.partition());
    lookup.assign(List.of(partition));
    lookup.seek(partition, place.offset());
    for (ConsumerRecord<byte[], byte[]> record : lookup.poll(LOOKUP)) {
      // Compacted or aged away, the next one would come in its place.
      return record.offset() == place.offset()
          ? Optional.of(Attempt.delivery(record, 0))
          : Optional.empty();
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    reader.close();
  }
}
