package dev.mezzotint.sampling;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.image.Resize;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Pictures under way, for whoever watches a job: rows as they stand between noise and picture.
 *
 * <p>Only rows of a job that was asked for within the last seconds are read from the device, a few
 * of them and a few times a second; made into files by whoever asks, not by the loop. A job that
 * nobody watches costs one look at a field for each row and pass. What becomes of rows does not
 * depend on it. Safe for use by many threads.
 */
public final class Previews {
  /** Rows of one job that are shown. */
  static final int ROWS_MAX = 16;

  /** Longer side of what is shown; larger pictures are scaled down. */
  static final int SIDE_MAX = 128;

  private static final long PIXELS_MAX = 1 << 18; // of all rows of a job together
  private static final long WATCHED_NANOS = Duration.ofSeconds(3).toNanos();
  private static final long PAUSE_NANOS = Duration.ofMillis(400).toNanos();

  private final LongSupplier clock;
  private final Set<ObservedRows> running = ConcurrentHashMap.newKeySet();

  /**
   * @param clock in nanoseconds, from any origin
   */
  public Previews(LongSupplier clock) {
    this.clock = clock;
  }

  /**
   * A row as it stood a moment ago.
   *
   * @param index of the picture within its job
   * @param done of {@code total} evaluations
   * @param png at most {@value #SIDE_MAX} pixels a side
   */
  @SuppressWarnings("ArrayRecordComponent") // read only
  public record RowPreview(int index, int done, int total, byte[] png) {}

  /** The same sampling, whose rows can be watched; models that make no pictures are left alone. */
  public Sampler observe(Sampler sampling) {
    return new Sampler() {
      @Override
      public ModelInfo resolve(String model) {
        return sampling.resolve(model);
      }

      @Override
      public Running submit(SamplingJob job, RowListener listener) {
        int channels = job.model().channels();
        if (channels != 1 && channels != 3) {
          return sampling.submit(job, listener);
        }
        ObservedRows portion = new ObservedRows(job, listener);
        running.add(portion);
        try {
          Running submitted = sampling.submit(portion.observedJob(), portion);
          return () -> {
            running.remove(portion);
            submitted.cancel();
          };
        } catch (RuntimeException e) {
          running.remove(portion);
          throw e;
        }
      }
    };
  }

  /**
   * What is known of a job's rows, and for the next three seconds more is found out; so the first
   * call finds nothing.
   */
  public List<RowPreview> read(String jobId) {
    List<RowPreview> seen = new ArrayList<>();
    for (ObservedRows portion : running) {
      if (portion.job.jobId().equals(jobId)) {
        portion.watchedUntil = Math.max(1, clock.getAsLong() + WATCHED_NANOS);
        seen.addAll(portion.previews());
      }
    }
    seen.sort(Comparator.comparingInt(RowPreview::index));
    return seen.subList(0, Math.min(ROWS_MAX, seen.size()));
  }

  /** Portions of jobs whose rows are under way. */
  int running() {
    return running.size();
  }

  /** Rows that went to the loop together. */
  private final class ObservedRows implements Sampler.RowListener {
    private final SamplingJob job;
    private final Sampler.RowListener listener;
    private final int rowsMax;
    private final Map<Integer, Snapshot> snapshots = new ConcurrentHashMap<>();
    private int finished; // by the loop's thread alone

    /** On the clock; 0 if nobody watches. */
    private volatile long watchedUntil;

    ObservedRows(SamplingJob job, Sampler.RowListener listener) {
      this.job = job;
      this.listener = listener;
      long pixels = (long) job.model().height() * job.model().width();
      this.rowsMax = (int) Math.max(1, Math.min(ROWS_MAX, PIXELS_MAX / pixels));
    }

    SamplingJob observedJob() {
      return job.withRows(
          job.rows().stream()
              .map(row -> row.withHook(row.hook().then(new Snapshot(row))))
              .toList());
    }

    List<RowPreview> previews() {
      List<RowPreview> all = new ArrayList<>();
      snapshots.values().forEach(look -> look.addTo(all));
      return all;
    }

    @Override
    public void advanced(int stages) {
      listener.advanced(stages);
    }

    @Override
    public void finished(int row, float[] chw) {
      snapshots.remove(row);
      if (++finished == job.rows().size()) {
        running.remove(this);
      }
      listener.finished(row, chw);
    }

    @Override
    public void failed(RuntimeException cause) {
      running.remove(this);
      listener.failed(cause);
    }

    /** One row, as it was last seen. */
    private final class Snapshot implements StageHook {
      private final int index;
      private long last; // by the loop's thread alone
      private volatile float[] x = {};
      private volatile int passed;

      Snapshot(SamplingJob.Row row) {
        this.index = row.index();
      }

      @Override
      public boolean wantsStage(int stages) {
        if (watchedUntil == 0) {
          return false;
        }
        long now = clock.getAsLong();
        if (now - watchedUntil > 0) {
          watchedUntil = 0;
          return false;
        }
        boolean due = last == 0 || now - last > PAUSE_NANOS;
        return due && stages < job.stages().size() && isSelected();
      }

      /** Whether this is one of the rows that are shown. */
      private boolean isSelected() {
        return snapshots.containsKey(index)
            || (snapshots.size() < rowsMax && snapshots.putIfAbsent(index, this) == null);
      }

      @Override
      public boolean afterStage(int stages, float[] now) {
        last = Math.max(1, clock.getAsLong());
        passed = stages;
        x = now;
        return false;
      }

      void addTo(List<RowPreview> all) {
        float[] chw = x;
        if (chw.length > 0) {
          ModelInfo model = job.model();
          Pixels pixels =
              small(Pixels.fromChw(chw, 0, model.channels(), model.height(), model.width()));
          all.add(new RowPreview(index, passed, job.stages().size(), Png.encode(pixels)));
        }
      }
    }
  }

  private static Pixels small(Pixels pixels) {
    int side = Math.max(pixels.width(), pixels.height());
    if (side <= SIDE_MAX) {
      return pixels;
    }
    int width = Math.max(1, pixels.width() * SIDE_MAX / side);
    int height = Math.max(1, pixels.height() * SIDE_MAX / side);
    return Resize.cover(pixels, width, height);
  }
}
