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
 * Place for one record of a consumer group. Belongs to the thread that polls; {@link #figures} and
 * what only asks may be called from any.
 */
final class GroupLane {
  private static final Logger LOG = Logger.getLogger(GroupLane.class.getName());

  private final int number;
  private volatile @Nullable InHand inHand;

  /**
   * @param progress of the partition as it was assigned when the record was taken
   */
  record InHand(
      ConsumerRecord<byte[], byte[]> record, HandlerRun attempt, PartitionProgress progress) {

    Delivery delivery() {
      return attempt.delivery();
    }

    /** Given up: fenced, its handler interrupted. */
    void abort() {
      LOG.log(Level.WARNING, "{0} is given up: its time to end is over.", delivery());
      delivery().fence();
      attempt.interrupt();
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

  Optional<InHand> inHand() {
    return Optional.ofNullable(inHand);
  }

  void take(InHand taken) {
    inHand = taken;
    taken.attempt().start();
  }

  void free() {
    inHand = null;
  }

  LaneMetrics figures(@Nullable Instant lastPoll, @Nullable Instant lastRenewal) {
    Optional<InHand> held = inHand();
    return new LaneMetrics(
        number,
        Optional.ofNullable(lastPoll),
        Optional.ofNullable(lastRenewal).filter(renewed -> held.isPresent()),
        held.map(h -> h.delivery().position()));
  }
}
