package dev.mezzotint.kafka;

import dev.mezzotint.job.TransientException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;

/**
 * Reads from outside the workers' group how far it has come: which requests are settled (done and
 * never delivered again), how many are not, and how many members it has. Requests being processed
 * count as not settled.
 *
 * <p>Not safe for use by several threads.
 */
public final class GroupOffsets implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(GroupOffsets.class.getName());
  private static final int CALL_MILLIS = 5_000;

  private final KafkaSettings settings;
  private final String group;
  private final Admin admin;
  private boolean warned;

  /**
   * Requests of one or more topics as the group sees them.
   *
   * @param unsettled queued or running requests, without those whose jobs have ended
   * @param paused those of them in paused topics
   * @param settled records before those, from offset 0
   * @param members members of the group that read these topics, each with at most one request
   * @param hosts number of different hosts of those members
   */
  public record Backlog(long unsettled, long paused, long settled, int members, int hosts) {}

  private record Member(String host, Set<TopicPartition> partitions) {}

  /** Does not connect yet. */
  public GroupOffsets(KafkaSettings settings) {
    this.settings = settings;
    this.group = settings.groupId();
    Map<String, Object> config =
        settings.client(
            "mezzotint-offsets",
            Map.of("default.api.timeout.ms", CALL_MILLIS, "request.timeout.ms", CALL_MILLIS - 1));
    this.admin = KafkaErrors.open(settings, () -> Admin.create(config));
  }

  /**
   * Reads the backlog. Where the group has not had a member yet, all records are unsettled: they
   * are what should start the first worker.
   *
   * @param topics sets of topics by any name; topics that do not exist count as empty
   * @param paused whether a topic is paused
   * @param ended number of queued records of a topic whose jobs have ended
   * @return backlogs by the same names
   * @throws TransientException if the broker does not answer
   */
  public Map<String, Backlog> backlog(
      GroupType type,
      Map<String, ? extends Collection<String>> topics,
      Predicate<String> paused,
      ToLongFunction<String> ended)
      throws InterruptedException {
    Set<String> all = new HashSet<>();
    topics.values().forEach(all::addAll);
    List<TopicPartition> partitions = partitions(all);
    Map<TopicPartition, Long> ends = offsets(partitions, OffsetSpec.latest());
    Map<TopicPartition, Long> unsettled = unsettled(type, partitions, ends);
    List<Member> members = members(type);
    Map<String, Backlog> backlogs = new HashMap<>();
    topics.forEach(
        (name, of) -> backlogs.put(name, sum(of, paused, ended, ends, unsettled, members)));
    return backlogs;
  }

  private static Backlog sum(
      Collection<String> topics,
      Predicate<String> paused,
      ToLongFunction<String> ended,
      Map<TopicPartition, Long> ends,
      Map<TopicPartition, Long> unsettled,
      List<Member> members) {
    Map<String, Long> behind = new HashMap<>();
    long settled = 0;
    for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
      if (topics.contains(end.getKey().topic())) {
        long records = unsettled.getOrDefault(end.getKey(), 0L);
        behind.merge(end.getKey().topic(), records, Long::sum);
        settled += end.getValue() - records;
      }
    }
    behind.replaceAll((topic, records) -> Math.max(0, records - ended.applyAsLong(topic)));
    long open = behind.values().stream().mapToLong(Long::longValue).sum();
    long held =
        behind.entrySet().stream()
            .filter(topic -> paused.test(topic.getKey()))
            .mapToLong(Map.Entry::getValue)
            .sum();
    List<String> hosts =
        members.stream()
            .filter(m -> m.partitions().stream().anyMatch(at -> topics.contains(at.topic())))
            .map(Member::host)
            .toList();
    return new Backlog(open, held, settled, hosts.size(), new HashSet<>(hosts).size());
  }

  private Map<TopicPartition, Long> unsettled(
      GroupType type, List<TopicPartition> partitions, Map<TopicPartition, Long> ends)
      throws InterruptedException {
    Map<TopicPartition, Long> unsettled = new HashMap<>();
    if (type == GroupType.SHARE) {
      shareOffsets(new ListShareGroupOffsetsSpec())
          .forEach((at, info) -> lag(info, ends.get(at)).ifPresent(lag -> unsettled.put(at, lag)));
    } else {
      committed()
          .forEach(
              (at, offset) -> unsettled.put(at, Math.max(0, ends.getOrDefault(at, 0L) - offset)));
    }
    if (!unsettled.keySet().containsAll(partitions)) {
      offsets(partitions, OffsetSpec.earliest())
          .forEach(
              (at, start) ->
                  unsettled.computeIfAbsent(
                      at, unread -> Math.max(0, ends.getOrDefault(at, start) - start)));
    }
    return unsettled;
  }

  /** A broker may know the group's start offset and, for a while, not its lag. */
  private static Optional<Long> lag(SharePartitionOffsetInfo info, @Nullable Long end) {
    if (info.lag().isPresent()) {
      return Optional.of(Math.max(0, info.lag().get()));
    }
    return end == null || info.startOffset() < 0
        ? Optional.empty()
        : Optional.of(Math.max(0, end - info.startOffset()));
  }

  /**
   * Number of unsettled records of each topic in a share group.
   *
   * @return without the topics whose lag the broker does not know
   * @throws TransientException if the broker does not answer
   */
  Map<String, Long> shareLags(Collection<String> topics) throws InterruptedException {
    Map<String, Long> lags = new HashMap<>();
    shareOffsets(new ListShareGroupOffsetsSpec())
        .forEach(
            (at, info) -> {
              if (topics.contains(at.topic()) && info.lag().isPresent()) {
                lags.merge(at.topic(), info.lag().get(), Long::sum);
              }
            });
    return lags;
  }

  /**
   * Reads the first offset of each partition that may be unsettled, for a share group or else a
   * consumer group. A partition is missing if nothing is known of it: before the group's first
   * member, without the permission to ask, or when the broker does not answer, which is logged
   * once.
   */
  public Map<TopicPartition, Long> settled(List<TopicPartition> partitions)
      throws InterruptedException {
    Map<TopicPartition, Long> settled = new HashMap<>();
    try {
      settled.putAll(settledInShareGroup(partitions));
      if (settled.isEmpty()) {
        committed()
            .forEach(
                (at, offset) -> {
                  if (partitions.contains(at)) {
                    settled.put(at, offset);
                  }
                });
      }
    } catch (TransientException e) {
      if (!warned) {
        warned = true;
        LOG.log(
            System.Logger.Level.WARNING,
            "{0}; queued requests are read from the beginning of their topics.",
            e.getMessage());
      }
    }
    return settled;
  }

  private Map<TopicPartition, Long> settledInShareGroup(List<TopicPartition> partitions)
      throws InterruptedException {
    // Read before the lag: where the lag is 0, everything before this end is settled.
    Map<TopicPartition, Long> ends = offsets(partitions, OffsetSpec.latest());
    Map<TopicPartition, Long> settled = new HashMap<>();
    try {
      shareOffsets(new ListShareGroupOffsetsSpec().topicPartitions(partitions))
          .forEach(
              (at, info) -> {
                if (info.startOffset() >= 0) {
                  // The start offset moves only with the next delivery, which may be days later.
                  boolean empty = info.lag().isPresent() && info.lag().get() == 0;
                  long end = empty ? ends.getOrDefault(at, 0L) : 0;
                  settled.put(at, Math.max(end, info.startOffset()));
                }
              });
    } catch (TransientException e) {
      if (!(e.getCause() instanceof UnsupportedVersionException)) {
        throw e;
      }
    }
    return settled;
  }

  private Map<TopicPartition, SharePartitionOffsetInfo> shareOffsets(ListShareGroupOffsetsSpec spec)
      throws InterruptedException {
    return present(admin.listShareGroupOffsets(Map.of(group, spec)).partitionsToOffsetInfo(group));
  }

  private Map<TopicPartition, Long> committed() throws InterruptedException {
    Map<TopicPartition, Long> committed = new HashMap<>();
    present(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata())
        .forEach((at, offset) -> committed.put(at, offset.offset()));
    return committed;
  }

  /**
   * Keeps a short text on the cluster, for this group and these topics, as the metadata of offsets
   * of a group of its own. Replaces earlier ones.
   *
   * @param notes by topic
   * @throws TransientException if the broker does not answer or refuses
   */
  public void saveNotes(Map<String, String> notes) throws InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    notes.forEach(
        (topic, note) -> offsets.put(new TopicPartition(topic, 0), new OffsetAndMetadata(0, note)));
    await(admin.alterConsumerGroupOffsets(notesGroup(), offsets).all().thenApply(done -> true));
  }

  /**
   * Reads what {@link #saveNotes} has kept, by topic. Empty without the permission to read it,
   * which is logged.
   *
   * @throws TransientException if the broker does not answer
   */
  public Map<String, String> notes() throws InterruptedException {
    Map<String, String> notes = new HashMap<>();
    try {
      present(admin.listConsumerGroupOffsets(notesGroup()).partitionsToOffsetAndMetadata())
          .forEach((at, offset) -> notes.put(at.topic(), offset.metadata()));
    } catch (TransientException e) {
      if (!(e.getCause() instanceof AuthorizationException)) {
        throw e;
      }
      LOG.log(
          System.Logger.Level.WARNING,
          "What earlier processes measured cannot be read: {0}",
          e.getMessage());
    }
    return notes;
  }

  private String notesGroup() {
    return group + "-costs";
  }

  private List<TopicPartition> partitions(Set<String> topics) throws InterruptedException {
    List<TopicPartition> partitions = new ArrayList<>();
    var described = admin.describeTopics(topics).topicNameValues();
    for (String topic : topics) {
      await(described.get(topic)).stream()
          .flatMap(of -> of.partitions().stream())
          .forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
    }
    return partitions;
  }

  private Map<TopicPartition, Long> offsets(List<TopicPartition> partitions, OffsetSpec spec)
      throws InterruptedException {
    Map<TopicPartition, OffsetSpec> specs = new HashMap<>();
    partitions.forEach(partition -> specs.put(partition, spec));
    Map<TopicPartition, Long> offsets = new HashMap<>();
    present(admin.listOffsets(specs).all()).forEach((at, info) -> offsets.put(at, info.offset()));
    return offsets;
  }

  private List<Member> members(GroupType type) throws InterruptedException {
    if (type == GroupType.SHARE) {
      return await(admin.describeShareGroups(List.of(group)).describedGroups().get(group)).stream()
          .flatMap(of -> of.members().stream())
          .map(m -> new Member(m.host(), m.assignment().topicPartitions()))
          .toList();
    }
    return await(admin.describeConsumerGroups(List.of(group)).describedGroups().get(group)).stream()
        .flatMap(of -> of.members().stream())
        .map(m -> new Member(m.host(), m.assignment().topicPartitions()))
        .toList();
  }

  /** The entries that have a value; empty if there is no such topic or group. */
  private <K, V> Map<K, V> present(KafkaFuture<Map<K, V>> answer) throws InterruptedException {
    Map<K, V> present = new HashMap<>(await(answer).orElse(Map.of()));
    present.values().removeIf(java.util.Objects::isNull);
    return present;
  }

  /** Empty if there is no such topic or group. */
  private <T> Optional<T> await(@Nullable KafkaFuture<T> answer) throws InterruptedException {
    if (answer == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(answer.get(CALL_MILLIS + 1_000, TimeUnit.MILLISECONDS));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException
          || e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Optional.empty();
      }
      throw unavailable(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException | InterruptException e) {
      throw unavailable(e);
    }
  }

  private TransientException unavailable(Throwable cause) {
    return new TransientException(
        "the offsets of group %s cannot be read: %s"
            .formatted(group, KafkaErrors.message(KafkaErrors.failure(settings, cause))),
        cause);
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(2));
  }
}
