package dev.mezzotint.kafka;

import java.util.TreeSet;

/**
 * Progress of one assigned partition. A consumer group stores one offset per partition, so
 * everything below the first unsettled record can be committed.
 *
 * <p>Not safe for use by several threads.
 */
public final class PartitionProgress {
  private final TreeSet<Long> open = new TreeSet<>();
  private long next = -1;
  private long committed = -1;

  /** A record was polled. */
  public void add(long offset) {
    open.add(offset);
    next = offset + 1;
  }

  public void settle(long offset) {
    open.remove(offset);
  }

  /** Whether no record is unsettled. */
  boolean idle() {
    return open.isEmpty();
  }

  /** Everything before this offset was delivered, or never will be. */
  void skipTo(long offset) {
    if (next < 0) {
      committed = offset; // where the group begins: nothing has moved
    }
    next = Math.max(next, offset);
  }

  /** The offset to commit, that of the first unsettled record; -1 if no record was polled. */
  public long committable() {
    return open.isEmpty() ? next : open.first();
  }

  public boolean moved() {
    return committable() > committed;
  }

  public void committed(long offset) {
    committed = offset;
  }

  /** Number of records that would be redelivered after a crash, settled or not. */
  long replayable() {
    return open.isEmpty() ? 0 : next - open.first();
  }
}
