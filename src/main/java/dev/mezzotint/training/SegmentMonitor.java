package dev.mezzotint.training;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.training.checkpoint.CheckpointLease;
import dev.mezzotint.training.recipe.Recipe;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What happens around the steps of a segment: it ends in time, keeps checkpoints, tells of its
 * progress, and stops when it must. For one thread.
 */
final class SegmentMonitor implements Training.Progress {
  private static final System.Logger LOG = System.getLogger(SegmentMonitor.class.getName());

  /** Between the end of the last upload at a shutdown and the moment when it is too late. */
  private static final Duration DRAIN_MARGIN = Duration.ofSeconds(3);

  /** Between lines of the log about the pairs of a reflow. */
  private static final long PAIRS_TOLD_NANOS = 30_000_000_000L;

  private final ObjectStore store;
  private final TrainingRequest request;
  private final TrainingSettings settings;
  private final TrainingMetrics figures;
  private final AttemptContext watch;
  private final CheckpointLease checkpoints;
  private final TrainingFolder folder;
  private final DivergenceDetector losses;
  private final String id;
  private long iteration;
  private long begun; // nanoTime before this segment's first step
  private long steps; // of this segment
  private long asideNanos; // since then, in what is not a step
  private double waitShare;
  private long pairsTold = System.nanoTime();
  private long drainSince; // nanoTime; 0 while nobody wants this worker to end

  /** Carries an interruption through the training, which knows none there. */
  static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final InterruptedException interruption;

    Interrupted(InterruptedException interruption) {
      super(interruption);
      this.interruption = interruption;
    }

    InterruptedException cause() {
      return interruption;
    }
  }

  /**
   * @param folder holds the log up to the checkpoint that the segment begins from
   */
  SegmentMonitor(
      ObjectStore store,
      TrainingRequest request,
      TrainingSettings settings,
      TrainingMetrics figures,
      AttemptContext watch,
      CheckpointLease checkpoints,
      TrainingFolder folder) {
    this.store = store;
    this.request = request;
    this.settings = settings;
    this.figures = figures;
    this.watch = watch;
    this.checkpoints = checkpoints;
    this.folder = folder;
    this.id = request.id().value();
    this.iteration = checkpoints.pointer().iteration();
    this.losses = new DivergenceDetector(request.recipe().optimizer().warmup());
    for (TrainingFolder.LogLine line : folder.readLog()) {
      if (line.iteration() <= iteration) {
        losses.add(line.iteration(), line.loss());
      }
    }
  }

  /** Whether the segment is to end with a checkpoint: shutdown, or others have their turn. */
  boolean stopping() {
    if (checkpoints.fenced()) {
      throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
    }
    watch.checkPastDrain();
    long now = System.nanoTime();
    if (watch.ending() && drainSince == 0) {
      drainSince = now;
    }
    if (steps == 0) {
      begun = now; // its time is that of steps: a reflow's pairs may take longer than a segment
      return drainSince != 0;
    }
    return drainSince != 0 || now - begun >= settings.segment().toNanos();
  }

  @Override
  public void stepped(long done, double loss) {
    throw new IllegalStateException("the gradient's norm is told as well");
  }

  @Override
  public void stepped(long done, double loss, double gradientNorm) {
    iteration = done;
    if (checkpoints.fenced()) {
      throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
    }
    watch.checkPastDrain();
    losses.add(done, loss);
    steps++;
    double seconds = (System.nanoTime() - begun - asideNanos) / 1e9;
    double rate = steps * request.recipe().batchSize() / Math.max(1e-9, seconds);
    figures.stepDone(losses.smoothed(), rate, waitShare);
    watch.tell(() -> progress(loss, gradientNorm, rate));
  }

  @Override
  public void paired(int made, int count) {
    long now = System.nanoTime();
    if (made == count || now - pairsTold >= PAIRS_TOLD_NANOS) {
      pairsTold = now;
      LOG.log(System.Logger.Level.INFO, "{0}: {1} of {2} pairs are made", id, made, count);
    }
    watch.tell(() -> Map.of("pairs", made, "pairsTotal", count));
  }

  @Override
  public void waited(double share) {
    waitShare = share;
  }

  private Map<String, Object> progress(double loss, double gradientNorm, double rate) {
    Recipe recipe = request.recipe();
    long left = recipe.iterations() - iteration;
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("iteration", iteration);
    data.put("iterations", recipe.iterations());
    data.put("loss", loss);
    data.put("smoothedLoss", losses.smoothed());
    data.put("gradientNorm", gradientNorm);
    data.put("imagesPerSecond", rate);
    data.put("etaSeconds", Math.ceil(left * recipe.batchSize() / Math.max(1e-9, rate)));
    return data;
  }

  @Override
  public void wrote(String what, Path file) {
    long start = System.nanoTime();
    try {
      if (what.equals("checkpoint")) {
        checkpoint(file);
      } else {
        byte[] png = Files.readAllBytes(file);
        String key = Keys.sample(id, iteration);
        watch.withRetry(() -> FirstWrite.standing(store, key, png, ContentType.PNG));
      }
    } catch (InterruptedException e) {
      throw new Interrupted(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    asideNanos += System.nanoTime() - start;
  }

  private void checkpoint(Path file) throws InterruptedException, IOException {
    if (iteration <= checkpoints.pointer().iteration()) {
      return; // the one that the segment began from
    }
    if (drainSince != 0 && !fits()) {
      LOG.log(
          System.Logger.Level.INFO,
          "{0}: no time for a checkpoint at step {1}; the one at {2} stands",
          id,
          iteration,
          checkpoints.pointer().iteration());
      return;
    }
    long start = System.nanoTime();
    byte[] log = Files.readAllBytes(folder.log());
    try {
      checkpoints.publish(iteration, file, log, request.keepLast(), request.keepEvery());
    } catch (TransientException e) {
      if (drainSince == 0) {
        throw e;
      }
      LOG.log(System.Logger.Level.WARNING, "{0}: the last checkpoint stands: {1}", id, e);
      return;
    }
    figures.checkpointPublished((System.nanoTime() - start) / 1e9);
    watch.advanced();
  }

  /** By how long the last one took; where none was kept yet it is tried. */
  private boolean fits() {
    long spent = System.nanoTime() - drainSince;
    long left = settings.drain().minus(DRAIN_MARGIN).toNanos() - spent;
    return figures.lastCheckpointSeconds() * 1e9 <= left;
  }
}
