package dev.mezzotint.job;

/** Knows whether a job has been cancelled. Safe for use by many threads; called often. */
@FunctionalInterface
public interface Cancellations {

  Cancellations NONE = jobId -> false;

  boolean isCancelled(String jobId);
}
