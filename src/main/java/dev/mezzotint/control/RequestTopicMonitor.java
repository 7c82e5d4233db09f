package dev.mezzotint.control;

import dev.mezzotint.job.Cancellations;
import dev.mezzotint.job.FailureLog;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.kafka.EventJson;
import dev.mezzotint.kafka.GroupOffsets;
import dev.mezzotint.kafka.HandlerRun;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.RecordLookup;
import dev.mezzotint.kafka.RecordRepublisher;
import dev.mezzotint.kafka.RecordSender;
import dev.mezzotint.kafka.TopicReader;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
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
import java.util.stream.Collectors;
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
 * Ends queued jobs that have been cancelled or have expired, and sends requests again that the
 * broker dropped before their jobs ended. Reads the request topics in addition to the workers, and
 * takes no records from them.
 *
 * <p>The position up to which all jobs have ended is committed for a consumer group of its own, so
 * that a restarted monitor finds requests dropped in the meantime.
 *
 * <p>Several instances may run: the first manifest of a job counts, and a request sent twice is one
 * job. Without one, jobs end when a worker takes them, and dropped requests wait for a monitor.
 * Safe for use by many threads.
 */
public final class RequestTopicMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RequestTopicMonitor.class.getName());
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration RETRY_DELAY = Duration.ofSeconds(2);
  private static final long SETTLED_SECONDS = 5;

  /** Bounds the delay of a cancellation behind these checks. */
  private static final int CHECKS_PER_TURN = 10;

  private static final int SPREAD_MILLIS = 3_000;

  private final KafkaSettings settings;
  private final List<String> topics;
  private final PendingJobs jobs;
  private final Cancellations cancellations;
  private final InstantSource clock;
  private final int capacity;
  private final Queue<String> cancelRequested = new ConcurrentLinkedQueue<>();
  private final TopicReader reader;
  private volatile Map<String, Long> ended = Map.of();

  /**
   * Starts reading; the topics must exist.
   *
   * @param capacity number of requests remembered at most; others end when a worker takes them
   */
  public RequestTopicMonitor(
      KafkaSettings settings,
      List<String> topics,
      PendingJobs jobs,
      Cancellations cancellations,
      InstantSource clock,
      int capacity) {
    this.settings = settings;
    this.topics = List.copyOf(topics);
    this.jobs = jobs;
    this.cancellations = cancellations;
    this.clock = clock;
    this.capacity = capacity;
    this.reader = new TopicReader(settings, "request-tail", this::run);
    reader.start();
  }

  /** A job has just been cancelled. */
  public void cancelRequested(String jobId) {
    cancelRequested.add(jobId);
  }

  /**
   * Number of queued records of a topic whose jobs this role has ended: they need no worker. Up to
   * five seconds late in noticing that a worker has taken one.
   */
  public long ended(String topic) {
    return ended.getOrDefault(topic, 0L);
  }

  private void run() throws InterruptedException {
    try (KafkaConsumer<byte[], byte[]> tail =
            TopicReader.consumer(
                settings, "mezzotint-tail", Map.of("group.id", settings.groupId() + "-tail"));
        KafkaConsumer<byte[], byte[]> lookup =
            TopicReader.consumer(settings, "mezzotint-lookup", Map.of());
        GroupOffsets offsets = new GroupOffsets(settings);
        RecordSender sender = new RecordSender(settings, "mezzotint-again")) {
      read(tail, new RecordLookup(lookup), offsets, sender);
    }
  }

  private void read(
      KafkaConsumer<byte[], byte[]> tail,
      RecordLookup lookup,
      GroupOffsets offsets,
      RecordSender sender)
      throws InterruptedException {
    List<TopicPartition> partitions =
        topics.stream()
            .flatMap(topic -> TopicReader.partitions(tail, topic).stream())
            .collect(Collectors.toCollection(ArrayList::new));
    List<TopicPartition> events = TopicReader.partitions(tail, settings.topics().events());
    tail.assign(Stream.concat(partitions.stream(), events.stream()).toList());
    lookup.prepare(topics);
    tail.seekToEnd(events);
    tail.seekToBeginning(partitions);
    Map<TopicPartition, Long> before = offsets.settled(partitions);
    before.putAll(checkedBefore(tail, partitions));
    before.forEach(tail::seek);
    partitions.forEach(partition -> before.putIfAbsent(partition, tail.position(partition)));
    checked(tail, before);
    PendingRequests pending = new PendingRequests(capacity);
    DroppedRequests dropped = new DroppedRequests();
    long lastChecked = System.nanoTime();
    List<String> all =
        Stream.concat(topics.stream(), Stream.of(settings.topics().events())).toList();
    while (!reader.closing()) {
      TopicReader.assignAdded(tail, all).stream()
          .filter(partition -> topics.contains(partition.topic()))
          .forEach(partitions::add);
      ConsumerRecords<byte[], byte[]> records = tail.poll(POLL);
      for (ConsumerRecord<byte[], byte[]> record : records) {
        if (record.topic().equals(settings.topics().events())) {
          end(record).ifPresent(dropped::ended);
        } else {
          remember(pending, dropped, record);
        }
      }
      for (String id = cancelRequested.poll(); id != null; id = cancelRequested.poll()) {
        pending.cancelRequested(id, clock.instant());
      }
      for (Map.Entry<String, PendingRequests.Position> due : pending.due(clock.instant())) {
        end(pending, lookup, due.getKey(), due.getValue());
      }
      // Only after everything has been read is it certain that there is no copy.
      if (records.isEmpty() && !pending.isFull()) {
        for (Map.Entry<String, PendingRequests.Position> due :
            dropped.pollDue(clock.instant(), CHECKS_PER_TURN)) {
          sendAgain(dropped, lookup, sender, due.getKey(), due.getValue());
        }
      }
      if (System.nanoTime() - lastChecked > TimeUnit.SECONDS.toNanos(SETTLED_SECONDS)) {
        Map<TopicPartition, Long> over = offsets.settled(partitions);
        over.replaceAll((p, offset) -> Math.min(offset, tail.position(p))); // only what was read
        over.forEach((p, offset) -> settle(pending, dropped, p, offset));
        over.replaceAll((p, o) -> earliest(dropped.earliestOffset(p.topic(), p.partition()), o));
        checked(tail, over);
        lastChecked = System.nanoTime();
      }
      ended = pending.ended();
    }
  }

  private static long earliest(OptionalLong suspect, long settled) {
    return Math.min(suspect.orElse(settled), settled);
  }

  /** The position committed by earlier monitors; empty if this group is not permitted. */
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
      LOG.log(Level.WARNING, "Requests dropped while no monitor runs will not be found: {0}", e);
    }
    return checked;
  }

  /** Commits offsets before which all jobs have ended. */
  private static void checked(
      KafkaConsumer<byte[], byte[]> tail, Map<TopicPartition, Long> offsets) {
    Map<TopicPartition, OffsetAndMetadata> commit = new HashMap<>();
    offsets.forEach((partition, offset) -> commit.put(partition, new OffsetAndMetadata(offset)));
    try {
      tail.commitSync(commit);
    } catch (AuthorizationException e) {
      LOG.log(Level.DEBUG, "not permitted to commit offsets", e);
    }
  }

  private static Optional<String> end(ConsumerRecord<byte[], byte[]> event) {
    return EventJson.read(event.value())
        .filter(read -> read.type().terminal())
        .map(JobEvent::jobId);
  }

  private void settle(
      PendingRequests pending, DroppedRequests dropped, TopicPartition at, long before) {
    // Random, so that one of several monitors is first and the others see its copy.
    Instant checkFrom =
        clock.instant().plusMillis(ThreadLocalRandom.current().nextInt(SPREAD_MILLIS));
    pending
        .removeSettled(at.topic(), at.partition(), before)
        .forEach(gone -> dropped.requestSettled(gone, checkFrom));
  }

  private void sendAgain(
      DroppedRequests dropped,
      RecordLookup lookup,
      RecordSender sender,
      String id,
      PendingRequests.Position position)
      throws InterruptedException {
    try {
      Optional<ConsumerRecord<byte[], byte[]>> record =
          lookup.at(position.topicPartition(), position.offset());
      if (record.isEmpty() || !jobs.wasDropped(HandlerRun.delivery(record.get(), 0))) {
        dropped.ended(id);
        return;
      }
      LOG.log(
          Level.WARNING,
          "{0} was dropped by the broker before its job ended; sent again.",
          HandlerRun.delivery(record.get(), 0));
      sender.send(RecordRepublisher.copy(record.get()));
    } catch (TransientException | RecordTooLargeException e) {
      LOG.log(
          Level.WARNING,
          "The request of job {0} could not be checked yet: {1}",
          new JobId(id),
          e.getMessage());
    } catch (KafkaException e) {
      throw e;
    } catch (RuntimeException e) {
      FailureLog.log(
          RequestTopicMonitor.class,
          "The request of job {0} could not be checked",
          new JobId(id),
          e);
    }
  }

  private void remember(
      PendingRequests pending, DroppedRequests dropped, ConsumerRecord<byte[], byte[]> record) {
    Optional<PendingJobs.PendingRequest> request = jobs.read(HandlerRun.delivery(record, 0));
    if (request.isEmpty()) {
      return;
    }
    String id = request.get().id();
    PendingRequests.Position position =
        new PendingRequests.Position(record.topic(), record.partition(), record.offset());
    if (dropped.recordSeen(request.get())
        && pending.add(request.get(), position)
        && cancellations.isCancelled(id)) {
      pending.cancelRequested(id, clock.instant());
    }
  }

  private void end(
      PendingRequests pending, RecordLookup lookup, String id, PendingRequests.Position position)
      throws InterruptedException {
    try {
      Optional<ConsumerRecord<byte[], byte[]>> record =
          lookup.at(position.topicPartition(), position.offset());
      if (record.isPresent() && jobs.endIfOver(HandlerRun.delivery(record.get(), 0))) {
        pending.jobEnded(id);
      }
    } catch (TransientException e) {
      LOG.log(
          Level.WARNING,
          "Queued job {0} could not be ended yet: {1}",
          new JobId(id),
          e.getMessage());
      Instant later = clock.instant().plus(RETRY_DELAY);
      pending.scheduleAt(id, later);
    } catch (KafkaException e) {
      throw e;
    } catch (RuntimeException e) {
      // A defect that concerns this job only: it ends when a worker takes it.
      FailureLog.log(
          RequestTopicMonitor.class, "Queued job {0} could not be ended", new JobId(id), e);
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
