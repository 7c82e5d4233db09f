package dev.mezzotint.observability;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.JsonText;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jboss.logmanager.ExtLogRecord;

/**
 * The log as JSON, one object a line: {@code timestamp}, {@code level}, {@code logger}, {@code
 * thread}, {@code message}, {@code error} with its stack where there is one, and what the thread
 * works on: {@code job}, {@code attempt}, {@code role}, {@code traceId}. Safe for many threads.
 *
 * <p>Setting: {@code MEZZOTINT_LOG=json}.
 */
public final class JsonLog extends Handler {
  private final PrintStream out;

  /**
   * @param out stays open
   */
  public JsonLog(PrintStream out) {
    this.out = out;
  }

  /** Instead of the console's own lines; before the application starts. */
  public static void install() {
    System.setProperty("quarkus.log.console.enabled", "false");
    Logger.getLogger("").addHandler(new JsonLog(System.err));
  }

  @Override
  public void publish(LogRecord record) {
    if (!isLoggable(record)) {
      return;
    }
    ExtLogRecord full = ExtLogRecord.wrap(record);
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("timestamp", full.getInstant().toString());
    line.put("level", word(full.getLevel()));
    line.put("logger", String.valueOf(full.getLoggerName()));
    line.put("thread", String.valueOf(full.getThreadName()));
    line.put("message", String.valueOf(full.getFormattedMessage()));
    full.getMdcCopy().forEach(line::putIfAbsent);
    job(full).ifPresent(id -> line.putIfAbsent("job", id));
    Throwable thrown = full.getThrown();
    if (thrown != null) {
      StringWriter stack = new StringWriter();
      thrown.printStackTrace(new PrintWriter(stack));
      line.put("error", stack.toString());
    }
    byte[] bytes = (new String(JsonText.writeInOrder(line), UTF_8) + "\n").getBytes(UTF_8);
    synchronized (out) {
      out.write(bytes, 0, bytes.length);
      out.flush();
    }
  }

  /** Of a line that is about a job and comes from a thread that works for all: lanes, sweeps. */
  private static Optional<String> job(LogRecord record) {
    Object[] about = record.getParameters();
    for (Object one : about == null ? new Object[0] : about) {
      Optional<JobId> id =
          one instanceof Delivery delivery
              ? delivery.job()
              : one instanceof JobId named ? Optional.of(named) : Optional.empty();
      if (id.isPresent()) {
        return id.map(JobId::value);
      }
    }
    return Optional.empty();
  }

  /** Java's own levels have names that no log collector expects. */
  private static String word(Level level) {
    int value = level.intValue();
    if (value >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (value >= Level.WARNING.intValue()) {
      return "WARN";
    }
    return value >= Level.INFO.intValue() ? "INFO" : "DEBUG";
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
