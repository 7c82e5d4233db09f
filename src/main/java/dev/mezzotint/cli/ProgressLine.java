package dev.mezzotint.cli;

import dev.mezzotint.training.Training;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * How far a long work is, on standard error: one line that is written over on a terminal, a line
 * every thirty seconds elsewhere. Used by one thread.
 */
final class ProgressLine implements Training.Progress, AutoCloseable {
  private static final int WIDTH = 24;

  private final String what;
  private final long total;
  private final int itemsPerStep;
  private final List<String> opening;
  private final boolean terminal = System.console() != null;
  private final long started = System.nanoTime();
  private long first = -1;
  private long lastShown;
  private double smoothedLoss = Double.NaN;
  private double waited = Double.NaN;

  /**
   * @param total steps in all
   * @param itemsPerStep pictures per step, for the rate
   * @param opening lines that are said once the work has really begun
   */
  ProgressLine(String what, long total, int itemsPerStep, List<String> opening) {
    this.what = what;
    this.total = total;
    this.itemsPerStep = itemsPerStep;
    this.opening = List.copyOf(opening);
  }

  @Override
  public void stepped(long iteration, double loss) {
    if (first < 0) {
      opening.forEach(System.err::println);
      first = iteration - 1;
    }
    smoothedLoss = Double.isNaN(smoothedLoss) ? loss : 0.98 * smoothedLoss + 0.02 * loss;
    long now = System.nanoTime();
    long pause = terminal ? 500_000_000L : 30_000_000_000L;
    if (now - lastShown > pause || iteration == total) {
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
    System.err.print(terminal ? "\r" + text + "\033[K" : text + System.lineSeparator());
    System.err.flush();
  }

  @Override
  public void paired(int made, int count) {
    long now = System.nanoTime();
    if (now - lastShown > (terminal ? 500_000_000L : 30_000_000_000L) || made == count) {
      lastShown = now;
      String text = "pairs of the model's own making: " + made + "/" + count;
      System.err.print(terminal ? "\r" + text + "\033[K" : text + System.lineSeparator());
      System.err.flush();
    }
  }

  @Override
  public void waited(double share) {
    waited = share;
  }

  /**
   * Where the work stood when it ended.
   *
   * @param loss smoothed; empty if no step was made
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
  public void wrote(String thing, Path file) {
    System.err.print((terminal ? "\r\033[K" : "") + thing + ": " + file + System.lineSeparator());
  }

  @Override
  public void close() {
    if (terminal) {
      System.err.println();
    }
  }
}
