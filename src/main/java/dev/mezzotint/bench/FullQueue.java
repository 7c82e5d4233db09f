package dev.mezzotint.bench;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.DaemonThreads;
import dev.mezzotint.job.Priority;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.StepLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Keeps a step loop at full load, as a worker does; finished images are encoded as PNG. */
final class FullQueue implements AutoCloseable {
  private static final int LONG_STEPS = 64;
  private static final int SHORT_STEPS = 8;
  private static final int TRIALS = 20;

  private final StepLoop loop;
  private final ModelInfo model;
  private final Random random = new Random(7);
  private final ExecutorService encoder =
      Executors.newSingleThreadExecutor(new DaemonThreads("encoder"));
  private volatile boolean over;

  /**
   * @param loop stays the caller's to close
   */
  FullQueue(StepLoop loop, ModelInfo model) {
    this.loop = loop;
    this.model = model;
  }

  private SamplingJob job(int images, int steps, Solver solver) {
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      float[] condition = new float[model.conditionChannels() * model.height() * model.width()];
      rows.add(new SamplingJob.Row(i, new SamplingJob.X0.Seeded(random.nextInt(), i), condition));
    }
    return new SamplingJob(
        "bench",
        model,
        rows,
        solver.stages(AlphaSchedule.UNIFORM.alphas(steps)),
        model.classes().isPresent() ? OptionalInt.of(0) : OptionalInt.empty(),
        Priority.NORMAL,
        "",
        Optional.empty());
  }

  /** Counts the stages of a job and waits for its end. */
  private class Progress implements Sampler.RowListener {
    final AtomicInteger stages = new AtomicInteger();
    final CountDownLatch end = new CountDownLatch(1);
    private final AtomicInteger left;
    volatile @Nullable RuntimeException failure;

    Progress(int images) {
      left = new AtomicInteger(images);
    }

    @Override
    public void advanced(int more) {
      stages.addAndGet(more);
    }

    @Override
    public void finished(int row, float[] chw) {
      encoder.execute(() -> encode(chw));
      if (left.decrementAndGet() == 0) {
        end.countDown();
        ended();
      }
    }

    @Override
    public void failed(RuntimeException cause) {
      failure = cause;
      end.countDown();
    }

    void ended() {}

    void await() throws InterruptedException {
      end.await();
      RuntimeException cause = failure;
      if (cause != null) {
        throw cause;
      }
    }
  }

  private void encode(float[] chw) {
    if (model.channels() == 1 || model.channels() == 3) {
      Png.encode(model.pixels(chw));
    }
  }

  void warm() throws InterruptedException {
    Progress progress = new Progress(1);
    loop.submit(job(1, 2, Solver.EULER), progress);
    progress.await();
  }

  /**
   * @param lanes requests in progress; each that ends is replaced by another
   * @return row-steps per second
   */
  double rowStepsPerSecond(int lanes, double seconds) throws InterruptedException {
    over = false;
    List<Sampler.Running> running = new ArrayList<>();
    for (int lane = 0; lane < lanes; lane++) {
      running.add(next(running));
    }
    TimeUnit.MILLISECONDS.sleep(500); // until the slots are full
    long before = loop.metrics().rowSteps();
    long start = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
    long steps = loop.metrics().rowSteps() - before;
    double rate = steps / ((System.nanoTime() - start) / 1e9);
    over = true;
    synchronized (running) {
      running.forEach(Sampler.Running::cancel);
    }
    while (loop.metrics().running() > 0 || loop.metrics().waiting() > 0) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    return rate;
  }

  private Sampler.Running next(List<Sampler.Running> running) {
    ServingModes.Request request = ServingModes.mixed(random, 0);
    return loop.submit(
        job(request.images(), request.steps(), request.solver()),
        new Progress(request.images()) {
          @Override
          void ended() {
            if (!over) {
              Sampler.Running following = next(running);
              synchronized (running) {
                running.add(following);
              }
            }
          }
        });
  }

  /**
   * A one-image request submitted during a long batch, the worst of several trials.
   *
   * @param start iterations of the loop from its arrival to its first step
   * @param end iterations of the loop from its arrival to its last step
   */
  record ShortRequest(int steps, long start, long end) {}

  ShortRequest shortDuringLongBatch() throws InterruptedException {
    long start = 0;
    long end = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
      Progress longProgress = new Progress(16);
      Sampler.Running batch = loop.submit(job(16, LONG_STEPS, Solver.HEUN), longProgress);
      while (longProgress.stages.get() < 16 + trial) {
        Thread.onSpinWait();
      }
      long arrival = loop.passes();
      AtomicLong first = new AtomicLong(-1);
      Progress progress =
          new Progress(1) {
            @Override
            public void advanced(int more) {
              first.compareAndSet(-1, loop.passes());
            }
          };
      loop.submit(job(1, SHORT_STEPS, Solver.EULER), progress);
      progress.await();
      end = Math.max(end, loop.passes() - arrival);
      start = Math.max(start, first.get() - arrival);
      batch.cancel();
    }
    return new ShortRequest(SHORT_STEPS, start, end);
  }

  /** Passes that rows of a cancelled job are still in after {@code cancel} has returned. */
  int stepsAfterCancel() throws InterruptedException {
    int worst = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
      AtomicInteger calls = new AtomicInteger();
      Progress progress =
          new Progress(4) {
            @Override
            public void advanced(int more) {
              calls.incrementAndGet();
            }
          };
      Sampler.Running running = loop.submit(job(4, LONG_STEPS, Solver.EULER), progress);
      while (calls.get() < 3 + trial % 5) {
        Thread.onSpinWait();
      }
      running.cancel();
      int before = calls.get();
      while (loop.metrics().running() > 0) {
        Thread.onSpinWait();
      }
      worst = Math.max(worst, calls.get() - before);
    }
    return worst;
  }

  @Override
  public void close() {
    encoder.shutdownNow();
  }
}
