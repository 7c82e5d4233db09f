package dev.mezzotint.delivery;

/** How an attempt ends that came to its end. */
public sealed interface Outcome {

  /** The job is done. */
  record Completed(JobResult result) implements Outcome {}

  /** A part of it is done and kept; the rest is for whoever gets the request next. */
  record Unfinished() implements Outcome {}

  /** Another record of the same job is being worked on at this moment; this one is not needed. */
  record AlreadyRunning() implements Outcome {}
}
