package dev.mezzotint.kafka;

import static java.util.stream.Collectors.toMap;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/**
 * Up to where the workers' group has settled its topics: everything before is done for good. Not
 * safe for use by several threads.
 */
public final class SettledOffsets implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(SettledOffsets.class.getName());
  private static final long LIMIT_SECONDS = 5;

  private final Admin admin;
  private final String group;
  private boolean told;

  public SettledOffsets(KafkaSettings settings) {
    this.group = settings.groupId();
    this.admin =
        Admin.create(
            settings.client(
                "mezzotint-settled",
                Map.of(
                    "default.api.timeout.ms", (int) (LIMIT_SECONDS * 1_000),
                    "request.timeout.ms", (int) (LIMIT_SECONDS * 1_000))));
  }

  /**
   * The first offset of each partition that is not known to be settled; a partition is missing if
   * nothing is known of it, as before the group's first member or without the right to ask.
   */
  public Map<TopicPartition, Long> read(List<TopicPartition> partitions)
      throws InterruptedException {
    Map<TopicPartition, Long> settled = new HashMap<>();
    try {
      settled.putAll(ofShareGroup(partitions));
      if (settled.isEmpty()) {
        settled.putAll(ofConsumerGroup(partitions));
      }
    } catch (ExecutionException | TimeoutException e) {
      if (!told) {
        told = true;
        LOG.log(
            System.Logger.Level.WARNING,
            "What group {0} has settled cannot be asked ({1}): requests that wait are looked at from"
                + " the beginning of their topics.",
            group,
            String.valueOf(e.getCause() == null ? e : e.getCause()));
      }
    }
    return settled;
  }

  private Map<TopicPartition, Long> ofShareGroup(List<TopicPartition> partitions)
      throws InterruptedException, ExecutionException, TimeoutException {
    Map<TopicPartition, Long> settled = new HashMap<>();
    // Asked before the lag: where that is 0, all up to here is done with.
    Map<TopicPartition, Long> ends = new HashMap<>();
    admin
        .listOffsets(partitions.stream().collect(toMap(p -> p, p -> OffsetSpec.latest())))
        .all()
        .get(LIMIT_SECONDS, TimeUnit.SECONDS)
        .forEach((partition, end) -> ends.put(partition, end.offset()));
    try {
      admin
          .listShareGroupOffsets(
              Map.of(group, new ListShareGroupOffsetsSpec().topicPartitions(partitions)))
          .partitionsToOffsetInfo(group)
          .get(LIMIT_SECONDS, TimeUnit.SECONDS)
          .forEach(
              (partition, info) -> {
                if (info != null && info.startOffset() >= 0) {
                  // The start moves with the next delivery only, maybe days later.
                  boolean empty = info.lag().isPresent() && info.lag().get() == 0;
                  long end = ends.getOrDefault(partition, 0L);
                  settled.put(
                      partition, empty ? Math.max(end, info.startOffset()) : info.startOffset());
                }
              });
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof UnsupportedVersionException
          || e.getCause() instanceof org.apache.kafka.common.errors.GroupIdNotFoundException)) {
        throw e;
      }
    }
    return settled;
  }

  private Map<TopicPartition, Long> ofConsumerGroup(List<TopicPartition> partitions)
      throws InterruptedException, ExecutionException, TimeoutException {
    Map<TopicPartition, Long> settled = new HashMap<>();
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin
            .listConsumerGroupOffsets(
                Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(partitions)))
            .partitionsToOffsetAndMetadata(group)
            .get(LIMIT_SECONDS, TimeUnit.SECONDS);
    committed.forEach(
        (partition, offset) -> {
          if (offset != null) {
            settled.put(partition, offset.offset());
          }
        });
    return settled;
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(2));
  }
}
