package dev.mezzotint.cli;

import java.util.Locale;

/**
 * Shows the progress of sampling as one line on a terminal; prints nothing elsewhere. Used by one
 * thread at a time.
 */
final class PassProgress implements AutoCloseable {
  private static final long PAUSE_NANOS = 200_000_000L;

  private final String what;
  private final long total;
  private final boolean terminal = System.console() != null;
  private final long started = System.nanoTime();
  private long done;
  private long lastShown;

  /**
   * @param total evaluations over all rows
   */
  PassProgress(long total) {
    this("evaluations", total);
  }

  /**
   * @param what the unit that is counted
   */
  PassProgress(String what, long total) {
    this.what = what;
    this.total = total;
  }

  synchronized void advanced(int stages) {
    done += stages;
    long now = System.nanoTime();
    if (terminal && (now - lastShown > PAUSE_NANOS || done == total)) {
      lastShown = now;
      double rate = done / ((now - started) / 1e9);
      System.err.printf(
          Locale.ROOT,
          "\r%3d%%  %.0f %s/s  %.0f s left\033[K",
          100 * done / total,
          rate,
          what,
          (total - done) / rate);
    }
  }

  @Override
  public synchronized void close() {
    if (terminal) {
      System.err.print("\r\033[K");
    }
  }
}
