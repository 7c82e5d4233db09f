package dev.mezzotint.kafka;

import java.util.concurrent.atomic.LongAdder;

/** Counters of a queue since its creation. Safe for use by many threads. */
public final class QueueMetrics {
  private final LongAdder renewals = new LongAdder();
  private final LongAdder failedRenewals = new LongAdder();
  private final LongAdder fenced = new LongAdder();
  private final LongAdder copied = new LongAdder();

  /** Successful renewals of locks, or commits of a consumer group. */
  public long renewals() {
    return renewals.sum();
  }

  /** Failed renewals or commits. */
  public long failedRenewals() {
    return failedRenewals.sum();
  }

  /** Deliveries fenced because another worker may have received their record. */
  public long fenced() {
    return fenced.sum();
  }

  /** Records republished as a copy: before the broker drops them, or to continue a long job. */
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
