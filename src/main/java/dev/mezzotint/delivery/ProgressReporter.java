package dev.mezzotint.delivery;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Supplier;

/** Events of an attempt's progress, now and then. For one thread. */
final class ProgressReporter {
  private static final System.Logger LOG = System.getLogger(ProgressReporter.class.getName());

  private final LeasedDelivery held;
  private final JobRecord job;
  private final InstantSource clock;
  private long last = System.nanoTime();
  private int n;

  ProgressReporter(LeasedDelivery held, JobRecord job, InstantSource clock) {
    this.held = held;
    this.job = job;
    this.clock = clock;
  }

  /**
   * @param everyNanos between two events
   */
  void look(long everyNanos, Supplier<Map<String, Object>> data) {
    if (System.nanoTime() - last < everyNanos || n >= JobEvents.PROGRESS_MAX) {
      return;
    }
    last = System.nanoTime();
    n++;
    JobEvent event = JobEvents.progressed(job, n, data.get(), clock.instant());
    try {
      held.publishLater(event);
    } catch (TransientException e) {
      // Progress that cannot be told is no reason to stop making it.
      LOG.log(System.Logger.Level.DEBUG, "{0} not published: {1}", event.id(), e);
    }
  }
}
