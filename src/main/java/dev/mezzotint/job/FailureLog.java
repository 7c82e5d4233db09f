package dev.mezzotint.job;

import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Logs failures with both a parameter and a stack trace, which System.Logger cannot combine. */
public final class FailureLog {
  private FailureLog() {}

  /**
   * Logs a defect as an error.
   *
   * @param format message with {0} for {@code about}
   * @param about a {@link Delivery} or a {@link JobId}, by which the message can be found
   */
  public static void log(Class<?> where, String format, Object about, Throwable fault) {
    LogRecord line = new LogRecord(Level.SEVERE, format);
    line.setLoggerName(where.getName());
    line.setParameters(new Object[] {about});
    line.setThrown(fault);
    Logger.getLogger(where.getName()).log(line);
  }
}
