package dev.mezzotint.cli;

import dev.mezzotint.training.TrainingEvent;
import dev.mezzotint.training.TrainingObserver;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Shows a training's progress on standard error: one line that is overwritten on a terminal, a line
 * every thirty seconds elsewhere. Used by one thread.
 */
final class ProgressLine implements TrainingObserver, AutoCloseable {
  private static final int WIDTH = 24;

  private final String what;
  private final long total;
  private final int itemsPerStep;
  private final List<String> summary;
  private final boolean terminal = System.console() != null;
  private final long started = System.nanoTime();
  private long first = -1;
  private long lastShown;
  private double smoothedLoss = Double.NaN;
  private double waited = Double.NaN;

  /**
   * @param total steps in all
   * @param itemsPerStep images per step, for the rate
   * @param summary lines to print before the first step
   */
  ProgressLine(String what, long total, int itemsPerStep, List<String> summary) {
    this.what = what;
    this.total = total;
    this.itemsPerStep = itemsPerStep;
    this.summary = List.copyOf(summary);
  }

  @Override
  public void onEvent(TrainingEvent event) {
    if (event instanceof TrainingEvent.Step step) {
      waited = step.inputWaitShare();
      onStep(step.iteration(), step.loss());
    } else if (event instanceof TrainingEvent.PairsReady pairs) {
      onPairs(pairs.ready(), pairs.total());
    } else if (event instanceof TrainingEvent.Checkpoint checkpoint) {
      onFile("checkpoint: " + checkpoint.file());
    } else if (event instanceof TrainingEvent.Sample sample) {
      onFile("samples: " + sample.file());
    }
  }

  private void onStep(long iteration, double loss) {
    if (first < 0) {
      summary.forEach(System.err::println);
      first = iteration - 1;
    }
    smoothedLoss = Double.isNaN(smoothedLoss) ? loss : 0.98 * smoothedLoss + 0.02 * loss;
    long now = System.nanoTime();
    if (isDue(now) || iteration == total) {
      lastShown = now;
      show(iteration, (now - started) / 1e9);
    }
  }

  private void show(long iteration, double seconds) {
    double rate = (iteration - first) / seconds;
    int filled = (int) (WIDTH * iteration / total);
    String text =
        String.format(
            Locale.ROOT,
            "%s [%s%s] %d/%d  loss %.4f  %.1f images/s  input wait %.1f %%  %s left",
            what,
            "=".repeat(filled),
            " ".repeat(WIDTH - filled),
            iteration,
            total,
            smoothedLoss,
            rate * itemsPerStep,
            Double.isNaN(waited) ? 0 : 100 * waited,
            brief(Duration.ofSeconds((long) ((total - iteration) / rate))));
    print(text);
  }

  private void onPairs(int ready, int total) {
    long now = System.nanoTime();
    if (isDue(now) || ready == total) {
      lastShown = now;
      print("reflow pairs: " + ready + "/" + total);
    }
  }

  private boolean isDue(long now) {
    return now - lastShown > (terminal ? 500_000_000L : 30_000_000_000L);
  }

  private void print(String text) {
    System.err.print(terminal ? "\r" + text + "\033[K" : text + System.lineSeparator());
    System.err.flush();
  }

  private void onFile(String text) {
    System.err.print((terminal ? "\r\033[K" : "") + text + System.lineSeparator());
  }

  /**
   * State at the end.
   *
   * @param loss smoothed; empty if no step was run
   * @param inputWait share of the steps' time; empty before the second step
   */
  record Last(OptionalDouble loss, OptionalDouble inputWait) {}

  Last last() {
    return new Last(known(smoothedLoss), known(waited));
  }

  private static OptionalDouble known(double value) {
    return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  private static String brief(Duration d) {
    return d.toHours() > 0
        ? d.toHours() + "h" + d.toMinutesPart() + "m"
        : d.toMinutes() + "m" + d.toSecondsPart() + "s";
  }

  @Override
  public void close() {
    if (terminal) {
      System.err.println();
    }
  }
}
