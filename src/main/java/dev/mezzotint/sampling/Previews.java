package dev.mezzotint.sampling;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.image.Resize;
import dev.mezzotint.network.Engine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Previews of running rows: images between noise and result.
 *
 * <p>Rows are read from the device only for a job that a client has asked for within the last
 * seconds, a few of them and a few times a second; they are encoded by the caller, not by the loop.
 * A job without viewers costs one read of a field per row and pass. Results do not depend on
 * previews. Safe for use by many threads.
 */
public final class Previews {
  /** Previews of one job. */
  static final int ROWS_MAX = 16;

  /** Longer side of a preview; larger images are scaled down. */
  static final int SIDE_MAX = 128;

  private static final long PIXELS_MAX = 1 << 18; // of all rows of a job together
  private static final long VIEWED_NANOS = Duration.ofSeconds(3).toNanos();
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
   * The recent state of a row.
   *
   * @param index of the image within its job
   * @param done of {@code total} stages
   * @param png at most {@value #SIDE_MAX} pixels a side
   */
  @SuppressWarnings("ArrayRecordComponent") // read only
  public record RowPreview(int index, int done, int total, byte[] png) {}

  /** Wraps a sampler so that its rows can be previewed, for models that make images. */
  public Sampler observe(Sampler sampler) {
    return new Sampler() {
      @Override
      public ModelInfo resolve(String model, Optional<Engine> engine) {
        return sampler.resolve(model, engine);
      }

      @Override
      public Running submit(SamplingJob job, RowListener listener) {
        int channels = job.model().channels();
        if (channels != 1 && channels != 3) {
          return sampler.submit(job, listener);
        }
        ObservedRows observed = new ObservedRows(job, listener);
        running.add(observed);
        try {
          Running submitted = sampler.submit(observed.observedJob(), observed);
          return () -> {
            running.remove(observed);
            submitted.cancel();
          };
        } catch (RuntimeException e) {
          running.remove(observed);
          throw e;
        }
      }
    };
  }

  /**
   * Previews of a job's rows. Each call keeps them updated for the next three seconds, so that the
   * first one returns none.
   */
  public List<RowPreview> read(String jobId) {
    List<RowPreview> previews = new ArrayList<>();
    for (ObservedRows observed : running) {
      if (observed.job.jobId().equals(jobId)) {
        observed.viewedUntil = Math.max(1, clock.getAsLong() + VIEWED_NANOS);
        previews.addAll(observed.previews());
      }
    }
    previews.sort(Comparator.comparingInt(RowPreview::index));
    return previews.subList(0, Math.min(ROWS_MAX, previews.size()));
  }

  /** Number of submissions with running rows. */
  int running() {
    return running.size();
  }

  /** Rows that were submitted together. */
  private final class ObservedRows implements Sampler.RowListener {
    private final SamplingJob job;
    private final Sampler.RowListener listener;
    private final int rowsMax;
    private final Map<Integer, Snapshot> snapshots = new ConcurrentHashMap<>();
    private int finished; // by the loop's thread alone

    /** On the clock; 0 without viewers. */
    private volatile long viewedUntil;

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
      snapshots.values().forEach(snapshot -> snapshot.addTo(all));
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

    /** The last state of one row. */
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
        if (viewedUntil == 0) {
          return false;
        }
        long now = clock.getAsLong();
        if (now - viewedUntil > 0) {
          viewedUntil = 0;
          return false;
        }
        boolean due = last == 0 || now - last > PAUSE_NANOS;
        return due && stages < job.stages().size() && isSelected();
      }

      /** Whether this row is one of those that are previewed. */
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
          Pixels pixels = small(model.pixels(chw));
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
