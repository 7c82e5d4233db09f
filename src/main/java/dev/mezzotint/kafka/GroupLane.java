package dev.mezzotint.kafka;

import dev.mezzotint.job.Delivery;
import java.time.Instant;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Place for one record of a consumer group. Belongs to the thread that polls; {@link #metrics} and
 * what only asks may be called from any.
 */
final class GroupLane {
  private static final Logger LOG = Logger.getLogger(GroupLane.class.getName());

  private final int number;
  private volatile @Nullable ActiveRecord active;

  /**
   * @param progress of the partition as it was assigned when the record was taken
   */
  record ActiveRecord(
      ConsumerRecord<byte[], byte[]> record, HandlerRun run, PartitionProgress progress) {

    Delivery delivery() {
      return run.delivery();
    }

    /** Given up: fenced, its handler interrupted. */
    void abort() {
      LOG.log(Level.WARNING, "{0} is given up: its time to end is over.", delivery());
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
