package dev.mezzotint.control;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.TransientException;
import java.time.Instant;
import java.util.Optional;

/** Handles jobs whose requests are still queued. Safe for use by many threads. */
public interface PendingJobs {

  /**
   * A queued request.
   *
   * @param fingerprint 64 bits of the hash of its contents, to distinguish requests of one id
   * @param deadline empty if it has none, or if the request is invalid
   */
  record PendingRequest(String id, long fingerprint, Optional<Instant> deadline) {}

  /** Reads a record; empty if it has no valid job id. */
  Optional<PendingRequest> read(Delivery record);

  /**
   * Ends the record's job if it has been cancelled or has expired.
   *
   * @return whether the job was to end and has ended, by this call or before
   * @throws TransientException if store or broker are unavailable
   */
  boolean endIfOver(Delivery record) throws InterruptedException;

  /**
   * Returns whether a settled record belongs to a job that has not ended.
   *
   * @throws TransientException if the store is unavailable
   */
  boolean wasDropped(Delivery record) throws InterruptedException;
}
