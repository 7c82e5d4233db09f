package dev.mezzotint.autoscaling;

/**
 * How long one worker takes per job, measured from outside: while more requests are unsettled than
 * lanes can hold, workers have all that they can do, and then
 *
 * <pre>seconds per job = workers · time / jobs settled</pre>
 *
 * Requests of paused topics keep nobody busy. That counts what the autoscaler wants to know, the
 * gain of batching included, and needs no word from a worker: there is none when it matters most,
 * at zero. Until something has been measured the configured figure stands, which weighs as much as
 * {@value #PRIOR_JOBS} jobs; what was measured loses half its weight in ten minutes of full work.
 *
 * <p>Not safe for use by several threads.
 */
final class JobCost {
  static final double PRIOR_JOBS = 5;
  private static final double HALF_LIFE_NANOS = 600e9;

  private final double configured;
  private double workerSeconds;
  private double jobs;
  private boolean full;
  private long at;
  private QueueSnapshot before = new QueueSnapshot(0, 0, 0, 0, 0);

  /**
   * @param configured seconds, positive
   */
  JobCost(double configured) {
    this.configured = configured;
  }

  /**
   * @param now {@link System#nanoTime}
   */
  void update(QueueSnapshot figures, long now) {
    long wanted = figures.unsettled() - figures.paused();
    boolean fullNow = figures.lanes() > 0 && wanted >= figures.lanes();
    // Between two looks with the same workers, all of them busy at both.
    if (full && fullNow && figures.workers() == before.workers()) {
      long elapsed = now - at;
      double kept = Math.pow(0.5, elapsed / HALF_LIFE_NANOS);
      workerSeconds = workerSeconds * kept + figures.workers() * (elapsed / 1e9);
      // Ends and lags are read one after the other, so a difference may be a few off, and the next
      // one is then off the other way.
      jobs = Math.max(0, jobs * kept + figures.settled() - before.settled());
    }
    full = fullNow;
    before = figures;
    at = now;
  }

  double seconds() {
    return (PRIOR_JOBS * configured + workerSeconds) / (PRIOR_JOBS + jobs);
  }
}
