package dev.mezzotint.control;

import dev.mezzotint.job.Cancellations;
import dev.mezzotint.job.FailureLog;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.kafka.EventJson;
import dev.mezzotint.kafka.HandlerRun;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.RecordRepublisher;
import dev.mezzotint.kafka.RecordSender;
import dev.mezzotint.kafka.SettledOffsets;
import dev.mezzotint.kafka.TopicReader;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;

/**
 * Reads the request topics beside the workers. Ends jobs that wait there and are called off or
 * late; sends requests again that the broker has dropped before their jobs ended. Takes no record
 * from anybody.
 *
 * <p>How far all requests are known to have ended is committed for a group of its own, so that one
 * that begins anew, with everything else maybe, finds what was dropped meanwhile.
 *
 * <p>Several of these may run: the first manifest of a job counts, and a request sent twice is one
 * job. Where none runs, jobs end when a worker takes them, and what was dropped waits for one. Safe
 * for use by many threads.
 */
public final class RequestTopicMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RequestTopicMonitor.class.getName());
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration RETRY_DELAY = Duration.ofSeconds(2);
  private static final long SETTLED_SECONDS = 5;

  /** In one turn: a job that is called off is not to wait for hundreds of them. */
  private static final int CHECKS_PER_TURN = 10;

  private static final int APART_MILLIS = 3_000;

  private final KafkaSettings settings;
  private final List<String> topics;
  private final PendingJobs jobs;
  private final Cancellations cancellations;
  private final InstantSource clock;
  private final int capacity;
  private final Queue<String> cancelRequested = new ConcurrentLinkedQueue<>();
  private final TopicReader reader = new TopicReader("request-tail", this::run);

  /**
   * Begins to read; the topics exist.
   *
   * @param capacity requests that are remembered at most; the others end when they are taken
   */
  public RequestTopicMonitor(
      KafkaSettings settings,
      List<String> topics,
      PendingJobs ends,
      Cancellations cancellations,
      InstantSource clock,
      int capacity) {
    this.settings = settings;
    this.topics = List.copyOf(topics);
    this.jobs = ends;
    this.cancellations = cancellations;
    this.clock = clock;
    this.capacity = capacity;
    reader.start();
  }

  /** Somebody has called this job off just now. */
  public void cancelRequested(String jobId) {
    cancelRequested.add(jobId);
  }

  private void run() throws InterruptedException {
    try (KafkaConsumer<byte[], byte[]> tail =
            TopicReader.consumer(
                settings, "mezzotint-tail", Map.of("group.id", settings.groupId() + "-tail"));
        KafkaConsumer<byte[], byte[]> lookup =
            TopicReader.consumer(settings, "mezzotint-lookup", Map.of());
        SettledOffsets settled = new SettledOffsets(settings);
        RecordSender sender = new RecordSender(settings, "mezzotint-again")) {
      read(tail, new RecordLookup(lookup), settled, sender);
    }
  }

  private void read(
      KafkaConsumer<byte[], byte[]> tail,
      RecordLookup lookup,
      SettledOffsets settled,
      RecordSender sender)
      throws InterruptedException {
    List<TopicPartition> partitions = topics.stream().flatMap(topic -> all(tail, topic)).toList();
    List<TopicPartition> events = all(tail, settings.topics().events()).toList();
    tail.assign(Stream.concat(partitions.stream(), events.stream()).toList());
    lookup.prepare(topics);
    tail.seekToEnd(events);
    tail.seekToBeginning(partitions);
    Map<TopicPartition, Long> before = settled.read(partitions);
    before.putAll(checkedBefore(tail, partitions));
    before.forEach(tail::seek);
    partitions.forEach(partition -> before.putIfAbsent(partition, tail.position(partition)));
    checked(tail, before);
    PendingRequests pending = new PendingRequests(capacity);
    DroppedRequests lost = new DroppedRequests();
    long asked = System.nanoTime();
    while (!reader.closing()) {
      ConsumerRecords<byte[], byte[]> records = tail.poll(POLL);
      for (ConsumerRecord<byte[], byte[]> record : records) {
        if (record.topic().equals(settings.topics().events())) {
          end(record).ifPresent(lost::ended);
        } else {
          remember(pending, lost, record);
        }
      }
      for (String id = cancelRequested.poll(); id != null; id = cancelRequested.poll()) {
        pending.cancelRequested(id, clock.instant());
      }
      for (Map.Entry<String, PendingRequests.Position> due : pending.due(clock.instant())) {
        end(pending, lookup, due.getKey(), due.getValue());
      }
      // Only who has read everything can say that no copy stands there.
      if (records.isEmpty() && !pending.isFull()) {
        for (Map.Entry<String, PendingRequests.Position> due :
            lost.pollDue(clock.instant(), CHECKS_PER_TURN)) {
          sendAgain(lost, lookup, sender, due.getKey(), due.getValue());
        }
      }
      if (System.nanoTime() - asked > TimeUnit.SECONDS.toNanos(SETTLED_SECONDS)) {
        Map<TopicPartition, Long> over = settled.read(partitions);
        over.replaceAll((p, offset) -> Math.min(offset, tail.position(p))); // read so far
        over.forEach((p, offset) -> settle(pending, lost, p, offset));
        over.replaceAll((p, o) -> earliest(lost.earliestOffset(p.topic(), p.partition()), o));
        checked(tail, over);
        asked = System.nanoTime();
      }
    }
  }

  private static Stream<TopicPartition> all(KafkaConsumer<byte[], byte[]> tail, String topic) {
    return tail.partitionsFor(topic).stream()
        .map(p -> new TopicPartition(p.topic(), p.partition()));
  }

  private static long earliest(OptionalLong suspect, long settled) {
    return Math.min(suspect.orElse(settled), settled);
  }

  /** Of earlier readings; empty where the broker does not permit this group. */
  private static Map<TopicPartition, Long> checkedBefore(
      KafkaConsumer<byte[], byte[]> tail, List<TopicPartition> partitions) {
    Map<TopicPartition, Long> checked = new HashMap<>();
    try {
      tail.committed(new HashSet<>(partitions))
          .forEach(
              (partition, offset) -> {
                if (offset != null) {
                  checked.put(partition, offset.offset());
                }
              });
    } catch (AuthorizationException e) {
      LOG.log(Level.WARNING, "Requests dropped while nobody reads are not found: {0}", e);
    }
    return checked;
  }

  /** All before these offsets have ended. */
  private static void checked(
      KafkaConsumer<byte[], byte[]> tail, Map<TopicPartition, Long> offsets) {
    Map<TopicPartition, OffsetAndMetadata> commit = new HashMap<>();
    offsets.forEach((partition, offset) -> commit.put(partition, new OffsetAndMetadata(offset)));
    try {
      tail.commitSync(commit);
    } catch (AuthorizationException e) {
      LOG.log(Level.DEBUG, "not permitted to remember", e);
    }
  }

  private static Optional<String> end(ConsumerRecord<byte[], byte[]> event) {
    return Optional.ofNullable(event.value())
        .flatMap(EventJson::read)
        .filter(read -> read.type().terminal())
        .map(JobEvent::jobId);
  }

  private void settle(
      PendingRequests pending, DroppedRequests lost, TopicPartition at, long before) {
    // Of several readers one comes first, and the others see its copy.
    Instant apart = clock.instant().plusMillis(ThreadLocalRandom.current().nextInt(APART_MILLIS));
    pending
        .removeSettled(at.topic(), at.partition(), before)
        .forEach(gone -> lost.requestSettled(gone, apart));
  }

  private void sendAgain(
      DroppedRequests lost,
      RecordLookup lookup,
      RecordSender sender,
      String id,
      PendingRequests.Position place)
      throws InterruptedException {
    try {
      Optional<ConsumerRecord<byte[], byte[]>> record = lookup.at(place);
      if (record.isEmpty() || !jobs.wasDropped(HandlerRun.delivery(record.get(), 0))) {
        lost.ended(id);
        return;
      }
      LOG.log(
          Level.WARNING,
          "{0} was dropped by the broker before its job ended: sent again.",
          HandlerRun.delivery(record.get(), 0));
      sender.send(RecordRepublisher.copy(record.get()));
    } catch (TransientException | RecordTooLargeException e) {
      LOG.log(
          Level.WARNING,
          "Job {0} could not be looked after yet: {1}",
          new JobId(id),
          e.getMessage());
    } catch (KafkaException e) {
      throw e;
    } catch (RuntimeException e) {
      FailureLog.log(
          RequestTopicMonitor.class, "Job {0} could not be looked after", new JobId(id), e);
    }
  }

  private void remember(
      PendingRequests pending, DroppedRequests lost, ConsumerRecord<byte[], byte[]> record) {
    Optional<PendingJobs.PendingRequest> waiting = jobs.read(HandlerRun.delivery(record, 0));
    if (waiting.isEmpty()) {
      return;
    }
    String id = waiting.get().id();
    PendingRequests.Position place =
        new PendingRequests.Position(record.topic(), record.partition(), record.offset());
    if (lost.recordSeen(waiting.get())
        && pending.add(waiting.get(), place)
        && cancellations.cancelled(id)) {
      pending.cancelRequested(id, clock.instant());
    }
  }

  private void end(
      PendingRequests pending, RecordLookup lookup, String id, PendingRequests.Position place)
      throws InterruptedException {
    try {
      Optional<ConsumerRecord<byte[], byte[]>> record = lookup.at(place);
      if (record.isPresent() && jobs.endIfOver(HandlerRun.delivery(record.get(), 0))) {
        LOG.log(Level.INFO, "Job {0} has ended while it waited.", new JobId(id));
      }
    } catch (TransientException e) {
      LOG.log(Level.WARNING, "Job {0} could not be ended yet: {1}", new JobId(id), e.getMessage());
      Instant later = clock.instant().plus(RETRY_DELAY);
      pending.scheduleAt(id, later);
    } catch (KafkaException e) {
      throw e;
    } catch (RuntimeException e) {
      // A defect of ours with this job alone: it ends when a worker takes it.
      FailureLog.log(
          RequestTopicMonitor.class, "Job {0} could not be ended early", new JobId(id), e);
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
