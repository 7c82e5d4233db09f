package dev.mezzotint.training;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.training.checkpoint.CheckpointLease;
import dev.mezzotint.training.recipe.Recipe;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Observes a training segment: publishes its progress, checkpoints and sample grids, checks its
 * loss, and decides when it ends. For one thread.
 */
final class SegmentMonitor implements TrainingObserver {
  private static final System.Logger LOG = System.getLogger(SegmentMonitor.class.getName());

  /** Time that must remain of the drain timeout after the last upload. */
  private static final Duration DRAIN_MARGIN = Duration.ofSeconds(3);

  /** Between log lines about reflow pairs. */
  private static final long PAIRS_LOG_NANOS = 30_000_000_000L;

  private final ObjectStore store;
  private final TrainingRequest request;
  private final TrainingSettings settings;
  private final TrainingMetrics metrics;
  private final AttemptContext attempt;
  private final CheckpointLease lease;
  private final TrainingFolder folder;
  private final DivergenceDetector losses;
  private final String id;
  private long segmentStart; // nanoTime before this segment's first step
  private long steps; // of this segment
  private long publishNanos; // since then, spent publishing
  private long pairsLoggedAt = System.nanoTime();
  private long drainStart; // nanoTime; 0 unless the worker is shutting down

  /**
   * @param folder holds the log up to the checkpoint that the segment starts from
   */
  SegmentMonitor(
      ObjectStore store,
      TrainingRequest request,
      TrainingSettings settings,
      TrainingMetrics metrics,
      AttemptContext attempt,
      CheckpointLease lease,
      TrainingFolder folder) {
    this.store = store;
    this.request = request;
    this.settings = settings;
    this.metrics = metrics;
    this.attempt = attempt;
    this.lease = lease;
    this.folder = folder;
    this.id = request.id().value();
    this.losses = new DivergenceDetector(request.recipe().optimizer().warmup());
    for (TrainingFolder.LogLine line : folder.readLog()) {
      if (line.iteration() <= lease.pointer().iteration()) {
        losses.add(line.iteration(), line.loss());
      }
    }
  }

  /** Whether the segment must end with a checkpoint: its time is up, or the worker shuts down. */
  boolean stopping() {
    check();
    long now = System.nanoTime();
    if (attempt.stopping() && drainStart == 0) {
      drainStart = now;
    }
    if (steps == 0) {
      segmentStart = now; // a segment's time excludes reflow pairs, which may take longer
      return drainStart != 0;
    }
    return drainStart != 0 || now - segmentStart >= settings.segment().toNanos();
  }

  private void check() {
    lease.check();
    attempt.checkIgnoringDrain();
  }

  @Override
  public void onEvent(TrainingEvent event) throws InterruptedException {
    if (event instanceof TrainingEvent.Step step) {
      onStep(step);
    } else if (event instanceof TrainingEvent.PairsReady pairs) {
      onPairs(pairs.ready(), pairs.total());
    } else {
      long start = System.nanoTime();
      try {
        if (event instanceof TrainingEvent.Checkpoint checkpoint) {
          publishCheckpoint(checkpoint.iteration(), checkpoint.file());
        } else if (event instanceof TrainingEvent.Sample sample) {
          byte[] png = Files.readAllBytes(sample.file());
          String key = Keys.sample(id, sample.iteration());
          attempt.withRetry(() -> FirstWrite.createOrRead(store, key, png, ContentType.PNG));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      publishNanos += System.nanoTime() - start;
    }
  }

  private void onStep(TrainingEvent.Step step) {
    check();
    try {
      losses.add(step.iteration(), step.loss());
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          e.field(),
          e.getMessage() + "; " + DivergedException.kept(lease.pointer().iteration()),
          e);
    }
    steps++;
    double seconds = (System.nanoTime() - segmentStart - publishNanos) / 1e9;
    double rate = steps * request.recipe().batchSize() / Math.max(1e-9, seconds);
    metrics.stepDone(losses.smoothed(), rate, step.inputWaitShare());
    attempt.reportProgress(() -> progress(step, rate));
  }

  private Map<String, Object> progress(TrainingEvent.Step step, double rate) {
    Recipe recipe = request.recipe();
    long left = recipe.iterations() - step.iteration();
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("iteration", step.iteration());
    data.put("iterations", recipe.iterations());
    data.put("loss", step.loss());
    data.put("smoothedLoss", losses.smoothed());
    data.put("gradientNorm", step.gradientNorm());
    data.put("imagesPerSecond", rate);
    data.put("etaSeconds", Math.ceil(left * recipe.batchSize() / Math.max(1e-9, rate)));
    return data;
  }

  private void onPairs(int ready, int total) {
    long now = System.nanoTime();
    if (ready == total || now - pairsLoggedAt >= PAIRS_LOG_NANOS) {
      pairsLoggedAt = now;
      LOG.log(Level.INFO, "{0}: {1} of {2} pairs are ready", id, ready, total);
    }
    attempt.reportProgress(() -> Map.of("pairs", ready, "pairsTotal", total));
  }

  /**
   * Uploads a checkpoint from its file: a whole one is never held on the heap. During a shutdown it
   * may be skipped: the one before stays in force, and a later attempt repeats the same steps.
   */
  private void publishCheckpoint(long iteration, Path file)
      throws InterruptedException, IOException {
    long published = lease.pointer().iteration();
    if (iteration <= published) {
      return; // the segment started from it
    }
    if (drainStart != 0 && !fitsIntoDrain()) {
      LOG.log(
          Level.INFO,
          "{0}: no time left to upload the checkpoint at step {1}; keeping the one at step {2}",
          id,
          iteration,
          published);
      return;
    }
    long start = System.nanoTime();
    byte[] log = Files.readAllBytes(folder.log());
    try {
      lease.publish(iteration, file, log, request.keepLast(), request.keepEvery());
    } catch (TransientException e) {
      if (drainStart == 0) {
        throw e;
      }
      LOG.log(
          Level.WARNING,
          "{0}: the checkpoint at step {1} was not uploaded; keeping the one at step {2}: {3}",
          id,
          iteration,
          published,
          e);
      return;
    }
    metrics.checkpointPublished((System.nanoTime() - start) / 1e9);
    attempt.markAdvanced();
  }

  /** Judged by how long the last upload took; without one it is tried. */
  private boolean fitsIntoDrain() {
    long spent = System.nanoTime() - drainStart;
    long left = settings.drain().minus(DRAIN_MARGIN).toNanos() - spent;
    return metrics.lastCheckpointSeconds() * 1e9 <= left;
  }
}
