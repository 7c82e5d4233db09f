package dev.mezzotint.observability;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.RepeatedLines;
import io.quarkus.logging.LoggingFilter;
import java.util.Arrays;
import java.util.Optional;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import java.util.stream.Stream;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.Level;

/**
 * Completes records before the log formats them, and leaves out {@link RepeatedLines}. A record
 * with a {@link Delivery} or a {@link JobId} as parameter gets the MDC key {@code job}, since
 * threads that work for all jobs have none. Levels of {@code java.util.logging} become those of the
 * documented log.
 */
@LoggingFilter(name = "job")
public final class JobLogFilter implements Filter {
  @Override
  public boolean isLoggable(LogRecord record) {
    if (record instanceof ExtLogRecord line && line.getMdc("job") == null) {
      job(line).ifPresent(id -> line.putMdc("job", id.value()));
    }
    record.setLevel(level(record.getLevel()));
    return RepeatedLines.process().admits(record, System.nanoTime());
  }

  private static Optional<JobId> job(LogRecord record) {
    return Stream.ofNullable(record.getParameters())
        .flatMap(Arrays::stream)
        .flatMap(
            one ->
                one instanceof Delivery delivery
                    ? delivery.jobId().stream()
                    : one instanceof JobId id ? Stream.of(id) : Stream.empty())
        .findFirst();
  }

  private static java.util.logging.Level level(java.util.logging.Level level) {
    int value = level.intValue();
    if (value >= Level.ERROR.intValue()) {
      return Level.ERROR;
    }
    if (value >= Level.WARN.intValue()) {
      return Level.WARN;
    }
    return value >= Level.INFO.intValue() ? Level.INFO : Level.DEBUG;
  }
}
