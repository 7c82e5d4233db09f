package dev.mezzotint.job;

import java.time.Instant;
import java.util.Optional;

/** Ends jobs whose requests wait in their topic. Safe for use by many threads. */
public interface EarlyEnds {

  /**
   * A request that waits.
   *
   * @param deadline after which it is late
   */
  record Waiting(String id, Optional<Instant> deadline) {}

  /** What must be remembered of a record; empty for one that is nobody's job. */
  Optional<Waiting> read(Delivery record);

  /**
   * Ends the job of this record if it is over: called off, or late.
   *
   * @param record read from its topic, held by nobody here
   * @return whether this call ended the job
   * @throws TransientException if store or broker are away
   */
  boolean end(Delivery record) throws InterruptedException;
}
