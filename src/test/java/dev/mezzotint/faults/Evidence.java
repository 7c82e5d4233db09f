package dev.mezzotint.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.StoredObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What can be observed of jobs from outside: the topics and the bucket, read again, and what the
 * taps saw.
 *
 * @param sent every submitted job and its number of images; 0 for a job that must not be completed
 * @param events of these jobs, as they stand in the log
 * @param objects everything under these jobs' keys
 * @param calls of workers to the store under these keys
 * @param dead jobs with a dead letter
 * @param unsettled requests that the share group has not settled
 * @param fences workers that had lost their jobs, and from when on
 */
record Evidence(
    Map<String, Integer> sent,
    List<Event> events,
    Map<String, byte[]> objects,
    List<StoreCall> calls,
    Set<String> dead,
    long unsettled,
    List<Fence> fences) {

  private static final int BYTES_MAX = 8 << 20;

  /**
   * @param worker empty but in {@code started}
   * @param manifest SHA-256 that a terminal event names
   */
  record Event(
      long offset,
      String id,
      String type,
      String jobId,
      int attempt,
      long sequence,
      String worker,
      String manifest,
      String text) {

    boolean terminal() {
      return Set.of("completed", "failed", "cancelled", "expired").contains(type);
    }

    /** Empty for what is none. */
    static Optional<Event> read(long offset, byte[] value) {
      try {
        JsonObject json = JsonObject.parse(value);
        return Optional.of(
            new Event(
                offset,
                json.requiredString("id"),
                json.requiredString("type"),
                json.string("jobId", ""),
                (int) json.integer("attempt", 0, Integer.MAX_VALUE, 0),
                json.integer("sequence", 0, Long.MAX_VALUE, 0),
                json.string("worker", ""),
                json.string("manifestSha256", ""),
                new String(value, UTF_8)));
      } catch (InvalidInputException e) {
        return Optional.empty();
      }
    }
  }

  /**
   * @param offset of the event log at that time
   * @param call number of the last call to the store before it
   */
  record Fence(String worker, Set<String> jobs, long offset, long call) {}

  Evidence {
    sent = new LinkedHashMap<>(sent);
    events = List.copyOf(events);
    objects = new LinkedHashMap<>(objects);
    calls = List.copyOf(calls);
    fences = List.copyOf(fences);
  }

  /**
   * Reads everything again.
   *
   * @param prefix of the ids of all jobs in question
   */
  static Evidence collect(Site site, String prefix, Map<String, Integer> sent, List<Fence> fences) {
    List<Event> events = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : all(site, site.topics().events())) {
      Event.read(record.offset(), record.value())
          .filter(event -> event.jobId().startsWith(prefix))
          .ifPresent(events::add);
    }
    Map<String, byte[]> objects = new LinkedHashMap<>();
    for (String key : site.objects().list("jobs/" + prefix)) {
      Optional<StoredObject> object = site.objects().get(key);
      object.ifPresent(o -> objects.put(key, o.bytes()));
    }
    Set<String> dead = new HashSet<>();
    for (ConsumerRecord<byte[], byte[]> record : all(site, site.topics().deadLetters())) {
      Header job = record.headers().lastHeader("mezzotint-job");
      if (job != null) {
        dead.add(new String(job.value(), UTF_8));
      }
    }
    List<StoreCall> calls =
        site.calls().all().stream()
            .filter(call -> call.key().startsWith("jobs/" + prefix))
            .toList();
    return new Evidence(sent, events, objects, calls, dead, unsettled(site), fences);
  }

  private static List<ConsumerRecord<byte[], byte[]>> all(Site site, String topic) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                site.bootstrapServers(),
                "max.partition.fetch.bytes",
                BYTES_MAX),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition only = new TopicPartition(topic, 0);
      consumer.assign(List.of(only));
      consumer.seekToBeginning(List.of(only));
      long end = consumer.endOffsets(List.of(only)).get(only);
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      while (consumer.position(only) < end) {
        consumer.poll(Duration.ofSeconds(1)).forEach(records::add);
      }
      return records;
    }
  }

  /** Requests behind the group's first unsettled one, that one included. */
  static long unsettled(Site site) {
    TopicPartition requests = new TopicPartition(site.topics().generationRequests(), 0);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", site.bootstrapServers()))) {
      SharePartitionOffsetInfo info =
          admin
              .listShareGroupOffsets(
                  Map.of(
                      site.group(),
                      new ListShareGroupOffsetsSpec().topicPartitions(List.of(requests))))
              .partitionsToOffsetInfo(site.group())
              .get(20, TimeUnit.SECONDS)
              .get(requests);
      return info == null ? -1 : info.lag().orElse(-1L);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  List<Event> of(String id) {
    return events.stream().filter(event -> event.jobId().equals(id)).toList();
  }

  List<StoreCall> writes(String key) {
    return calls.stream().filter(call -> call.wrote() && call.key().equals(key)).toList();
  }

  /** For diagnosis. */
  String story() {
    StringBuilder text = new StringBuilder(", unsettled " + unsettled);
    events.forEach(event -> text.append("\n").append(event.offset()).append(event.text()));
    calls.forEach(call -> text.append("\n").append(call));
    return text.toString();
  }
}
