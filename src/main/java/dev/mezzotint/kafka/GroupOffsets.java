package dev.mezzotint.kafka;

import dev.mezzotint.job.TransientException;
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
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * How much of some topics the workers' group has not settled, and who is at work on it, from
 * outside the group. Records in hand count as not settled. A group that nobody has ever joined has
 * everything before it: requests sent before the first worker are what should start one.
 *
 * <p>Not safe for use by several threads.
 */
public final class GroupOffsets implements AutoCloseable {
  private static final int CALL_MILLIS = 5_000;

  private final KafkaSettings settings;
  private final RequestQueue.Kind kind;
  private final Admin admin;

  /**
   * @param unsettled records that wait or are in hand
   * @param paused of these, in topics that nobody is to take from
   * @param settled records before those, from the beginning of the topics
   * @param members of the group that read these topics
   * @param hosts that those members are on
   */
  public record Figures(long unsettled, long paused, long settled, int members, int hosts) {}

  /** Connects to nothing yet. */
  public GroupOffsets(KafkaSettings settings, RequestQueue.Kind kind) {
    this.settings = settings;
    this.kind = kind;
    this.admin =
        Admin.create(
            settings.client(
                "mezzotint-scaler",
                Map.of(
                    "default.api.timeout.ms", CALL_MILLIS, "request.timeout.ms", CALL_MILLIS - 1)));
  }

  /** A member of the group. */
  private record Member(String host, Set<TopicPartition> reads) {}

  /**
   * @param topics sets of topics, by any name; topics that do not exist have nothing
   * @param paused whether nobody is to take from a topic
   * @return figures by the same names
   * @throws TransientException if the broker does not answer
   */
  public Map<String, Figures> look(
      Map<String, ? extends Collection<String>> topics, Predicate<String> paused)
      throws InterruptedException {
    Set<String> all = new HashSet<>();
    topics.values().forEach(all::addAll);
    List<TopicPartition> partitions = partitions(all);
    Map<TopicPartition, Long> ends = offsets(partitions, OffsetSpec.latest());
    Map<TopicPartition, Long> unsettled = unsettled(partitions, ends);
    List<Member> members = members();
    Map<String, Figures> figures = new HashMap<>();
    topics.forEach((name, of) -> figures.put(name, sum(of, paused, ends, unsettled, members)));
    return figures;
  }

  private static Figures sum(
      Collection<String> topics,
      Predicate<String> paused,
      Map<TopicPartition, Long> ends,
      Map<TopicPartition, Long> unsettled,
      List<Member> members) {
    long lag = 0;
    long held = 0;
    long settled = 0;
    for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
      if (topics.contains(end.getKey().topic())) {
        long behind = unsettled.getOrDefault(end.getKey(), 0L);
        lag += behind;
        held += paused.test(end.getKey().topic()) ? behind : 0;
        settled += end.getValue() - behind;
      }
    }
    List<String> hosts =
        members.stream()
            .filter(m -> m.reads().stream().anyMatch(at -> topics.contains(at.topic())))
            .map(Member::host)
            .toList();
    return new Figures(lag, held, settled, hosts.size(), new HashSet<>(hosts).size());
  }

  private List<TopicPartition> partitions(Set<String> topics) throws InterruptedException {
    List<TopicPartition> partitions = new ArrayList<>();
    var described = admin.describeTopics(topics).topicNameValues();
    for (String topic : topics) {
      await(described.get(topic))
          .ifPresent(
              of ->
                  of.partitions()
                      .forEach(p -> partitions.add(new TopicPartition(topic, p.partition()))));
    }
    return partitions;
  }

  private Map<TopicPartition, Long> offsets(List<TopicPartition> partitions, OffsetSpec spec)
      throws InterruptedException {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    partitions.forEach(partition -> asked.put(partition, spec));
    Map<TopicPartition, Long> offsets = new HashMap<>();
    await(admin.listOffsets(asked).all())
        .ifPresent(of -> of.forEach((at, info) -> offsets.put(at, info.offset())));
    return offsets;
  }

  private Map<TopicPartition, Long> unsettled(
      List<TopicPartition> partitions, Map<TopicPartition, Long> ends) throws InterruptedException {
    Map<TopicPartition, Long> unsettled =
        kind == RequestQueue.Kind.SHARE_GROUP ? ofShareGroup(ends) : ofConsumerGroup(ends);
    if (!unsettled.keySet().containsAll(partitions)) {
      // Nobody has come yet: everything there is.
      offsets(partitions, OffsetSpec.earliest())
          .forEach(
              (at, start) ->
                  unsettled.computeIfAbsent(
                      at, unread -> Math.max(0, ends.getOrDefault(at, start) - start)));
    }
    return unsettled;
  }

  private Map<TopicPartition, Long> ofShareGroup(Map<TopicPartition, Long> ends)
      throws InterruptedException {
    Map<TopicPartition, Long> unsettled = new HashMap<>();
    String group = settings.groupId();
    await(
            admin
                .listShareGroupOffsets(Map.of(group, new ListShareGroupOffsetsSpec()))
                .partitionsToOffsetInfo(group))
        .ifPresent(
            of ->
                of.forEach(
                    (at, info) -> {
                      if (info != null) {
                        behind(info, ends.get(at)).ifPresent(lag -> unsettled.put(at, lag));
                      }
                    }));
    return unsettled;
  }

  /** A broker may know where a group stands and, for a while, not how far behind it is. */
  private static Optional<Long> behind(SharePartitionOffsetInfo info, @Nullable Long end) {
    if (info.lag().isPresent()) {
      return Optional.of(Math.max(0, info.lag().get()));
    }
    return end == null || info.startOffset() < 0
        ? Optional.empty()
        : Optional.of(Math.max(0, end - info.startOffset()));
  }

  private Map<TopicPartition, Long> ofConsumerGroup(Map<TopicPartition, Long> ends)
      throws InterruptedException {
    Map<TopicPartition, Long> unsettled = new HashMap<>();
    await(admin.listConsumerGroupOffsets(settings.groupId()).partitionsToOffsetAndMetadata())
        .ifPresent(
            of ->
                of.forEach(
                    (at, committed) -> {
                      Long end = ends.get(at);
                      if (end != null && committed != null) {
                        unsettled.put(at, Math.max(0, end - committed.offset()));
                      }
                    }));
    return unsettled;
  }

  private List<Member> members() throws InterruptedException {
    String group = settings.groupId();
    if (kind == RequestQueue.Kind.SHARE_GROUP) {
      return await(admin.describeShareGroups(List.of(group)).describedGroups().get(group))
          .map(
              of ->
                  of.members().stream()
                      .map(m -> new Member(m.host(), m.assignment().topicPartitions()))
                      .toList())
          .orElse(List.of());
    }
    return await(admin.describeConsumerGroups(List.of(group)).describedGroups().get(group))
        .map(
            of ->
                of.members().stream()
                    .map(m -> new Member(m.host(), m.assignment().topicPartitions()))
                    .toList())
        .orElse(List.of());
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
      throw away(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException | InterruptException e) {
      throw away(e);
    }
  }

  private TransientException away(Throwable cause) {
    return new TransientException(
        "the lag of group " + settings.groupId() + " cannot be read: " + cause.getMessage(), cause);
  }

  @Override
  public void close() {
    admin.close(java.time.Duration.ofSeconds(2));
  }
}
