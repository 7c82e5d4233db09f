package dev.mezzotint.cli.jobs;

import dev.mezzotint.job.JobEvent;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of a terminal that shows a job's state, its progress, rate and remaining time. Used by
 * one thread.
 */
final class ProgressBar {
  private static final int WIDTH = 24;

  private final PrintStream terminal;
  private @Nullable Instant started;
  private long doneAtStart;

  ProgressBar(PrintStream terminal) {
    this.terminal = terminal;
  }

  /** Replaces the line; an event that ends the job ends the line, too. */
  void show(JobEvent event) {
    terminal.print("\r" + text(event) + "\033[K");
    if (event.type().terminal() || event.type() == JobEvent.Type.REJECTED) {
      terminal.println();
    }
    terminal.flush();
  }

  private String text(JobEvent event) {
    return switch (event.type()) {
      case ACCEPTED -> "accepted by a worker";
      case STARTED -> "started on " + event.data().getOrDefault("worker", "a worker");
      case PROGRESSED -> progress(event);
      case COMPLETED -> "completed" + seconds(event.time());
      default -> event.type().wireName() + ": " + event.data().getOrDefault("cause", "no cause");
    };
  }

  private String seconds(Instant end) {
    Instant from = started;
    return from == null ? "" : " in " + Math.max(1, Duration.between(from, end).toSeconds()) + " s";
  }

  private String progress(JobEvent event) {
    Map<String, Object> data = event.data();
    boolean training = data.containsKey("iterations");
    boolean pairs = !training && data.containsKey("pairsTotal"); // a reflow before its first step
    long done = number(data, training ? "iteration" : pairs ? "pairs" : "done");
    long total =
        Math.max(1, number(data, training ? "iterations" : pairs ? "pairsTotal" : "total"));
    String unit = training ? "steps" : pairs ? "pairs" : "evaluations";
    if (started == null) {
      started = event.time();
      doneAtStart = done;
    }
    int filled = (int) Math.min(WIDTH, WIDTH * done / total);
    StringBuilder text =
        new StringBuilder(
            "[%s%s] %s/%s %s"
                .formatted("=".repeat(filled), " ".repeat(WIDTH - filled), done, total, unit));
    if (data.containsKey("images")) {
      text.append("  ").append(number(data, "images")).append(" images stored");
    }
    if (data.get("smoothedLoss") instanceof Number loss) {
      text.append(String.format(Locale.ROOT, "  loss %.4f", loss.doubleValue()));
    }
    double seconds = Duration.between(started, event.time()).toMillis() / 1e3;
    if (seconds > 0 && done > doneAtStart) {
      double rate = (done - doneAtStart) / seconds;
      text.append(
          String.format(
              Locale.ROOT,
              "  %.1f/s  %s left",
              rate,
              StoredJob.brief(Duration.ofSeconds((long) Math.ceil((total - done) / rate)))));
    }
    return text.toString();
  }

  private static long number(Map<String, Object> data, String name) {
    return data.get(name) instanceof Number number ? number.longValue() : 0;
  }
}
