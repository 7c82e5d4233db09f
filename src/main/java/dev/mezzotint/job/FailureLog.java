package dev.mezzotint.job;

import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** A line of the log that has both: what it is about, and the stack of what went wrong. */
public final class FailureLog {
  private FailureLog() {}

  /**
   * Of a defect, as an error.
   *
   * @param format with {0} for what it is about
   * @param about a {@link Delivery} or a {@link JobId}, so that the line can be found by its job
   */
  public static void log(Class<?> where, String format, Object about, Throwable fault) {
    LogRecord line = new LogRecord(Level.SEVERE, format);
    line.setLoggerName(where.getName());
    line.setParameters(new Object[] {about});
    line.setThrown(fault);
    Logger.getLogger(where.getName()).log(line);
  }
}
