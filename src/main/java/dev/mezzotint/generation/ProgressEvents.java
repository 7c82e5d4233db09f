package dev.mezzotint.generation;

import dev.mezzotint.delivery.AttemptContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far a job's pictures are, in events: of a frame job soon after frames were stored, with their
 * keys, so that whoever waits for them need not wait for the last. For one attempt and one thread.
 */
final class ProgressEvents {
  /** Between two events with frames in them. */
  static final long FRAMES_NANOS = 100_000_000;

  /** Between two events with nothing but figures. */
  private static final long FIGURES_NANOS = 500_000_000;

  /** Keys in one event. */
  static final int KEYS_MAX = 256;

  private final Plan plan;
  private final JobProgress tally;
  private final AttemptContext watch;
  private final long total;
  private long last = System.nanoTime();

  ProgressEvents(Plan plan, JobProgress tally, AttemptContext watch) {
    this.plan = plan;
    this.tally = tally;
    this.watch = watch;
    this.total = plan.stagesTotal();
  }

  /**
   * @param done evaluations, all rows together
   * @param images that stand in the store
   */
  void look(long done, int images) {
    watch.check();
    if (tally.hasFresh() || System.nanoTime() - last >= FIGURES_NANOS) {
      watch.tell(() -> event(done, images));
    }
  }

  private Map<String, Object> event(long done, int images) {
    last = System.nanoTime();
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("done", done);
    event.put("total", total);
    event.put("images", images);
    List<String> keys = tally.fresh(KEYS_MAX);
    if (plan.frames().isPresent()) {
      event.put("frames", keys);
    }
    return event;
  }
}
