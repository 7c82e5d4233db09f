package dev.mezzotint.autoscaling;

import dev.mezzotint.kafka.GroupOffsets.Backlog;

/**
 * Estimates a worker's time per job from outside: while at least as many requests are unsettled as
 * the workers have lanes, all workers are fully loaded, and then
 *
 * <pre>seconds per job = workers · time / jobs settled</pre>
 *
 * Requests of paused topics do not count. The estimate includes the gain of batching and needs no
 * report from a worker, since there is none at zero replicas, when it matters most. The configured
 * value counts as much as {@value #PRIOR_JOBS} measured jobs; measurements lose half their weight
 * in ten minutes of full load.
 *
 * <p>Not safe for use by several threads.
 */
final class JobCost {
  static final double PRIOR_JOBS = 5;
  private static final double HALF_LIFE_NANOS = 600e9;

  private static final double MEASURED_MAX = 1e12;

  private final double configured;
  private double workerSeconds;
  private double jobs;
  private boolean full;
  private long at;
  private Backlog before = new Backlog(0, 0, 0, 0, 0);

  /**
   * @param configured seconds, positive
   */
  JobCost(double configured) {
    this.configured = configured;
  }

  /** The measurements in a form that {@link #restore} reads. */
  String toNote() {
    return workerSeconds + " " + jobs;
  }

  /** Continues from the measurements of an earlier process; ignores what it does not understand. */
  void restore(String note) {
    String[] parts = note.split(" ", -1);
    try {
      double seconds = Double.parseDouble(parts[0]);
      double count = Double.parseDouble(parts[parts.length - 1]);
      if (parts.length == 2
          && seconds >= 0
          && count >= 0
          && seconds <= MEASURED_MAX
          && count <= MEASURED_MAX) {
        workerSeconds = seconds;
        jobs = count;
      }
    } catch (NumberFormatException e) {
      // Written by another version: measured again.
    }
  }

  /**
   * @param now {@link System#nanoTime}
   */
  void update(Backlog backlog, long now) {
    long runnable = backlog.unsettled() - backlog.paused();
    boolean fullNow = backlog.members() > 0 && runnable >= backlog.members();
    // Count only intervals with the same workers, all of them busy at both ends.
    if (full && fullNow && backlog.hosts() == before.hosts()) {
      long elapsed = now - at;
      double kept = Math.pow(0.5, elapsed / HALF_LIFE_NANOS);
      workerSeconds = workerSeconds * kept + backlog.hosts() * (elapsed / 1e9);
      // End offsets and lags are read one after the other, so a difference may be off by a few; the
      // next one is then off in the other direction.
      jobs = Math.max(0, jobs * kept + backlog.settled() - before.settled());
    }
    full = fullNow;
    before = backlog;
    at = now;
  }

  double seconds() {
    return (PRIOR_JOBS * configured + workerSeconds) / (PRIOR_JOBS + jobs);
  }
}
