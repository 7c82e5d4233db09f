package dev.mezzotint.job;

/** Which jobs somebody has called off. Safe for use by many threads; asked often, must be quick. */
@FunctionalInterface
public interface Cancellations {

  /** Nobody calls anything off. */
  Cancellations NONE = jobId -> false;

  boolean cancelled(String jobId);
}
