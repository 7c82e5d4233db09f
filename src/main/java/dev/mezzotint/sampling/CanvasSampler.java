package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.network.Engine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Samples canvases, images larger than those of their model, and passes all other jobs on. At each
 * stage every tile of a {@link Canvas} is a row of one evaluation in the sampler below, where it
 * shares passes with the rows of all jobs. When all tiles are back, their directions are averaged
 * and the whole canvas takes the step.
 *
 * <p>The canvases of a job are sampled one after the other. Memory is bounded over all jobs; a job
 * that has no room waits. The result depends neither on other jobs nor on the order in which tiles
 * are evaluated. Safe for use by many threads.
 */
public final class CanvasSampler implements Sampler {
  private static final Stage[] NO_STAGES = {};

  private final Sampler below;
  private final Executor executor;
  private final long bytesMax;

  // Both guarded by this.
  private final Deque<CanvasJob> waiting = new ArrayDeque<>();
  private long bytesTaken;

  /**
   * @param below evaluates the tiles
   * @param executor takes the steps, some milliseconds for each megapixel
   * @param bytesMax for the state of all canvases between their first stage and their last
   */
  public CanvasSampler(Sampler below, Executor executor, long bytesMax) {
    this.below = below;
    this.executor = executor;
    this.bytesMax = bytesMax;
  }

  /** With a quarter of the heap for canvases. */
  public CanvasSampler(Sampler below, Executor executor) {
    this(below, executor, Runtime.getRuntime().maxMemory() / 4);
  }

  @Override
  public ModelInfo resolve(String model, Optional<Engine> engine) {
    return below.resolve(model, engine);
  }

  @Override
  public Running submit(SamplingJob job, RowListener listener) {
    if (job.model().canvas().isEmpty()) {
      return below.submit(job, listener);
    }
    job.check();
    CanvasJob submitted = new CanvasJob(job, listener, job.model().canvas().get());
    if (submitted.bytes > bytesMax) {
      throw new InvalidInputException(
          "canvas",
          String.format(
              Locale.ROOT,
              "canvas of %dx%d takes %d MB of memory in this worker, which has %d MB for canvases",
              job.model().width(),
              job.model().height(),
              submitted.bytes >> 20,
              bytesMax >> 20));
    }
    synchronized (this) {
      waiting.add(submitted);
    }
    startWaiting();
    return submitted;
  }

  /** Starts the jobs at the head of the queue that have room. */
  private void startWaiting() {
    List<CanvasJob> starting = new ArrayList<>();
    synchronized (this) {
      while (!waiting.isEmpty() && bytesTaken + waiting.element().bytes <= bytesMax) {
        CanvasJob next = waiting.remove();
        bytesTaken += next.bytes;
        next.hasRoom = true;
        starting.add(next);
      }
    }
    starting.forEach(CanvasJob::start);
  }

  /** Bytes of the canvases that are being sampled. */
  synchronized long bytesTaken() {
    return bytesTaken;
  }

  private final class CanvasJob implements Running {
    private final SamplingJob job;
    private final RowListener listener;
    private final Canvas canvas;
    private final ModelInfo tileModel;
    private final int previousDirections;
    private final long bytes;
    private int started; // rows; by one thread at a time
    private boolean hasRoom; // guarded by the sampler
    private boolean over; // guarded by this
    private @Nullable Running stage; // guarded by this
    private long submissions; // of stages; guarded by this
    private long newest; // submission that `stage` belongs to; guarded by this

    CanvasJob(SamplingJob job, RowListener listener, Canvas canvas) {
      this.job = job;
      this.listener = listener;
      this.canvas = canvas;
      this.tileModel = job.model().ofTiles();
      this.previousDirections = previousDirections(job.stages().toArray(NO_STAGES));
      // x, the directions' sum, the previous ones, and the copy for hooks
      long values = (long) job.model().channels() * canvas.height() * canvas.width();
      this.bytes = values * Float.BYTES * (3 + previousDirections);
    }

    /** How many of m1, m2, m3 the stages use. */
    private static int previousDirections(Stage[] stages) {
      int most = 0;
      for (Stage stage : stages) {
        most = Math.max(most, stage.g3() != 0 ? 3 : stage.g2() != 0 ? 2 : stage.g1() != 0 ? 1 : 0);
      }
      return most;
    }

    private void start() {
      run(() -> new CanvasRow(job.rows().get(started++)).submitStage());
    }

    /** Runs a part on the executor; whatever it throws fails the job. */
    private void run(Runnable part) {
      try {
        executor.execute(
            () -> {
              try {
                if (!isOver()) {
                  part.run();
                }
              } catch (RuntimeException e) {
                fail(e);
              } catch (OutOfMemoryError e) {
                fail(new IllegalStateException("the heap has no room for a canvas", e));
              }
            });
      } catch (RuntimeException e) {
        fail(e); // the executor has been closed
      }
    }

    private synchronized boolean isOver() {
      return over;
    }

    /** Submits a stage. Its tiles may be back, and the next be submitted, before this returns. */
    private void submit(SamplingJob tiles, RowListener row) {
      long submission;
      synchronized (this) {
        submission = ++submissions;
      }
      Running submitted = below.submit(tiles, row);
      synchronized (this) {
        if (!over) {
          if (submission > newest) {
            newest = submission;
            stage = submitted;
          }
          return;
        }
      }
      submitted.cancel();
    }

    private void fail(RuntimeException cause) {
      if (end()) {
        listener.failed(cause);
      }
    }

    @Override
    public void cancel() {
      end();
    }

    /** Ends the job and returns its memory; false if it had ended. */
    private boolean end() {
      Running last;
      synchronized (this) {
        if (over) {
          return false;
        }
        over = true;
        last = stage;
        stage = null;
      }
      if (last != null) {
        last.cancel();
      }
      synchronized (CanvasSampler.this) {
        waiting.remove(this);
        if (hasRoom) {
          bytesTaken -= bytes;
        }
      }
      startWaiting();
      return true;
    }

    /** The canvas that is being sampled. Its tiles come back on the device's thread. */
    private final class CanvasRow implements RowListener {
      private final SamplingJob.Row row;
      private final int channels = job.model().channels();
      private final Deque<float[]> previous = new ArrayDeque<>(); // m1, m2, m3, as many as needed
      private final Map<Integer, float[]> early = new HashMap<>(); // tiles before their turn
      private float[] x;
      private float[] sum;
      private int stages; // that are complete
      private int added; // tiles of the current stage

      CanvasRow(SamplingJob.Row row) {
        this.row = row;
        this.x = new float[channels * canvas.height() * canvas.width()];
        this.sum = new float[x.length];
        row.x0().write(x, /* offset= */ 0, x.length);
        for (int i = 0; i < previousDirections; i++) {
          previous.add(new float[x.length]);
        }
      }

      /** Submits all tiles. A tile's row takes a step of length 1, so that it returns x + d. */
      void submitStage() {
        List<SamplingJob.Row> tiles = new ArrayList<>();
        for (int tile = 0; tile < canvas.tiles(); tile++) {
          tiles.add(
              new SamplingJob.Row(
                  tile,
                  new SamplingJob.X0.Tile(x, channels, canvas, tile),
                  row.condition().length() == 0
                      ? row.condition()
                      : row.condition().cut(canvas, tile)));
        }
        Stage whole = new Stage(job.stages().get(stages).alpha(), 1, 0, 0, 0);
        submit(job.ofTiles(tileModel, tiles, whole), this);
      }

      @Override
      public void advanced(int evaluations) {
        listener.advanced(evaluations);
      }

      /** Tiles are added in the order of their numbers: sums of floats depend on it. */
      @Override
      public void finished(int tile, float[] chw) {
        early.put(tile, chw);
        for (float[] next = early.remove(added); next != null; next = early.remove(added)) {
          canvas.add(next, /* offset= */ 0, channels, added, sum);
          added++;
        }
        if (added == canvas.tiles()) {
          run(this::step);
        }
      }

      @Override
      public void failed(RuntimeException cause) {
        fail(cause);
      }

      /** x ← x + g0·d + g1·m1 + g2·m2 + g3·m3, where the sum of all tiles is x + d. */
      private void step() {
        Stage stage = job.stages().get(stages);
        float[][] m = previous.toArray(new float[0][]);
        double[] g = {stage.g1(), stage.g2(), stage.g3()};
        for (int i = 0; i < x.length; i++) {
          float d = sum[i] - x[i];
          double change = stage.g0() * d;
          for (int k = 0; k < m.length; k++) {
            change += g[k] * m[k][i];
          }
          x[i] += (float) change;
          sum[i] = d;
        }
        previous.addFirst(sum); // d becomes m1, and the oldest array is used again
        sum = previous.removeLast();
        Arrays.fill(sum, 0);
        added = 0;
        stages++;
        if (row.hook().wantsStage(stages)) {
          float[] copy = x.clone();
          if (row.hook().afterStage(stages, copy)) {
            x = copy;
          }
        }
        if (stages < job.stages().size()) {
          submitStage();
        } else {
          finish();
        }
      }

      private void finish() {
        if (started < job.rows().size()) {
          listener.finished(row.index(), x);
          start();
        } else if (end()) {
          listener.finished(row.index(), x);
        }
      }
    }
  }
}
