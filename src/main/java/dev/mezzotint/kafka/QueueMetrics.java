package dev.mezzotint.kafka;

import java.util.concurrent.atomic.LongAdder;

/**
 * What a queue's lanes have met with since it was made, for metrics. Only grows. Safe for use by
 * many threads.
 */
public final class QueueMetrics {
  private final LongAdder renewals = new LongAdder();
  private final LongAdder failedRenewals = new LongAdder();
  private final LongAdder fenced = new LongAdder();
  private final LongAdder copied = new LongAdder();

  /** Proofs that what is in hand is still ours: renewed locks, or commits of a consumer group. */
  public long renewals() {
    return renewals.sum();
  }

  /** Such proofs that failed. */
  public long failedRenewals() {
    return failedRenewals.sum();
  }

  /** Records that were lost while they were being worked on: another worker may have them. */
  public long fenced() {
    return fenced.sum();
  }

  /** Records that go on as a copy, before the broker drops them or after a share of their work. */
  public long copied() {
    return copied.sum();
  }

  void recordRenewal(boolean succeeded) {
    (succeeded ? renewals : failedRenewals).increment();
  }

  void recordFenced() {
    fenced.increment();
  }

  void recordCopied() {
    copied.increment();
  }
}
