package dev.mezzotint.delivery;

/** Result of an attempt that ran to completion. */
public sealed interface Outcome {

  /** The job is done. */
  record Completed(JobResult result) implements Outcome {}

  /** A part of the job is done and stored; a later attempt continues from there. */
  record Unfinished() implements Outcome {}

  /** Another record of the same job is being processed; this one is not needed. */
  record AlreadyRunning() implements Outcome {}
}
