package dev.mezzotint.kafka;

import java.util.TreeSet;

/**
 * How far a partition has come. A consumer group knows one number per partition, so what may be
 * committed is everything below the first record that is not settled.
 *
 * <p>Not safe for use by several threads.
 */
final class PartitionProgress {
  private final TreeSet<Long> open = new TreeSet<>();
  private long next = -1;
  private long committed = -1;

  /** A record was taken in hand. */
  void add(long offset) {
    open.add(offset);
    next = offset + 1;
  }

  void settle(long offset) {
    open.remove(offset);
  }

  /** The offset to commit: of the first record that is to be delivered again. -1 if none was. */
  long committable() {
    return open.isEmpty() ? next : open.first();
  }

  boolean moved() {
    return committable() > committed;
  }

  void committed(long offset) {
    committed = offset;
  }

  /** Records that would be delivered again although they are settled, and those in hand. */
  long replayable() {
    return open.isEmpty() ? 0 : next - open.first();
  }
}
