package dev.mezzotint.kafka;

import dev.mezzotint.job.Delivery;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Holds at most one record of a consumer group while it is processed. Modified by the polling
 * thread only; may be read by any thread.
 */
final class GroupLane {
  private static final System.Logger LOG = System.getLogger(GroupLane.class.getName());

  private final int number;
  private volatile @Nullable ActiveRecord active;

  /**
   * A record being processed.
   *
   * @param progress of the partition's assignment under which the record was polled
   */
  record ActiveRecord(
      ConsumerRecord<byte[], byte[]> record, HandlerRun run, PartitionProgress progress) {

    Delivery delivery() {
      return run.delivery();
    }

    /** Fences the delivery and interrupts its handler. */
    void abort() {
      LOG.log(
          Level.WARNING,
          "{0} did not stop within the drain timeout and was abandoned.",
          delivery());
      delivery().fence();
      run.interrupt();
    }

    TopicPartition partition() {
      return new TopicPartition(record.topic(), record.partition());
    }
  }

  GroupLane(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  Optional<ActiveRecord> active() {
    return Optional.ofNullable(active);
  }

  void take(ActiveRecord taken) {
    active = taken;
    taken.run().start();
  }

  void free() {
    active = null;
  }

  LaneMetrics metrics(@Nullable Instant lastPoll, @Nullable Instant lastRenewal) {
    Optional<ActiveRecord> held = active();
    return new LaneMetrics(
        number,
        Optional.ofNullable(lastPoll),
        Optional.ofNullable(lastRenewal).filter(renewed -> held.isPresent()),
        held.map(h -> h.delivery().position()));
  }
}
