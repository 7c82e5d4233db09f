package dev.mezzotint.control;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.TransientException;
import java.time.Instant;
import java.util.Optional;

/** Looks after jobs whose requests stand in their topic. Safe for use by many threads. */
public interface PendingJobs {

  /**
   * A request that waits.
   *
   * @param fingerprint 64 bits of its contents' checksum: another request under the same id has
   *     other ones
   * @param deadline after which it is late; empty as well for a request that is refused anyway
   */
  record PendingRequest(String id, long fingerprint, Optional<Instant> deadline) {}

  /** What must be remembered of a record; empty for one that is nobody's job. */
  Optional<PendingRequest> read(Delivery record);

  /**
   * Ends the job of this record if it is over: called off, or late.
   *
   * @param record read from its topic, held by nobody here
   * @return whether this call ended the job
   * @throws TransientException if store or broker are away
   */
  boolean endIfOver(Delivery record) throws InterruptedException;

  /**
   * Whether this record, which its topic is done with, was a job's that has not ended.
   *
   * @param record read from its topic, held by nobody
   * @throws TransientException if the store is away
   */
  boolean wasDropped(Delivery record) throws InterruptedException;
}
