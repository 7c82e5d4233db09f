package dev.mezzotint.job;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Limits log lines that repeat, so that one failure does not flood the log. A warning or error with
 * the same text is logged once in ten minutes, one of the same form with other parameters ten
 * times; the others are counted. Lines of Kafka's clients about connections that are lost or
 * refused are only counted: each of a worker's clients writes several a second, and the worker
 * itself reports the outage. Their stack traces, which show Kafka's code only, become the message
 * of the cause.
 *
 * <p>Safe for use by many threads.
 */
public final class RepeatedLines {
  private static final long WINDOW_NANOS = 600_000_000_000L;
  private static final int FORM_MAX = 10;
  private static final int FORMS_KEPT = 500;
  private static final int TEXT_CHARS_MAX = 400;

  private static final String KAFKA = "org.apache.kafka.";
  private static final String KAFKA_CONNECTIONS = "org.apache.kafka.clients.NetworkClient";

  /**
   * What differs between lines of Kafka's clients that say the same: client, member id, numbers.
   */
  private static final Pattern VARYING =
      Pattern.compile("\\[[^]]*clientId=[^]]*]|(?<![\\w-])[\\w-]{22}(?![\\w-])|[0-9]+");

  private static final Pattern CONNECTION =
      Pattern.compile(
          "could not be established|disconnected|terminated during|resolve|failed authentication");

  /**
   * What Kafka's clients log and the worker knows better. A lane that ends while the broker is away
   * cannot say so; its member then times out. A member that a group refuses fails its lane, which
   * reports the cause and what to change.
   */
  private static final Pattern REDUNDANT =
      Pattern.compile("Heartbeat to leave group cannot be sent|GROUP_MAX_SIZE_REACHED");

  private static final RepeatedLines PROCESS = new RepeatedLines();

  private final Map<String, Count> counts =
      new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Count> eldest) {
          return size() > FORMS_KEPT;
        }
      };

  private final AtomicLong omitted = new AtomicLong();
  private volatile @Nullable String lastConnection;

  private static final class Count {
    private final long begun;
    private int lines;

    Count(long begun) {
      this.begun = begun;
    }
  }

  /** Those of this process, whose log is one. */
  public static RepeatedLines process() {
    return PROCESS;
  }

  /** Whether a record is to be logged; counts it if it is not. */
  public boolean admits(LogRecord record, long nanos) {
    if (record.getLevel().intValue() < Level.WARNING.intValue()) {
      return true;
    }
    String logger = String.valueOf(record.getLoggerName());
    String form = logger + " " + record.getMessage();
    boolean kafka = logger.startsWith(KAFKA);
    if (kafka) {
      shorten(record);
      form = VARYING.matcher(form).replaceAll("#");
    }
    if (logger.equals(KAFKA_CONNECTIONS) && CONNECTION.matcher(form).find()) {
      lastConnection = String.valueOf(record.getMessage()).replaceFirst("^\\[[^]]*] ", "");
      omitted.incrementAndGet();
      return false;
    }
    if (kafka && REDUNDANT.matcher(String.valueOf(record.getMessage())).find()) {
      omitted.incrementAndGet();
      return false;
    }
    Object[] parameters = record.getParameters();
    boolean constant = kafka || parameters == null || parameters.length == 0;
    boolean first = constant || count(form + Arrays.toString(parameters), nanos) == 1;
    if (first && count(form, nanos) <= (constant ? 1 : FORM_MAX)) {
      return true;
    }
    omitted.incrementAndGet();
    return false;
  }

  private static void shorten(LogRecord record) {
    Throwable thrown = record.getThrown();
    if (thrown == null || !thrown.getClass().getName().startsWith(KAFKA)) {
      return;
    }
    Throwable cause = thrown;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    record.setThrown(null);
    record.setMessage(
        record.getMessage() + ": " + thrown + (cause == thrown ? "" : ", caused by " + cause));
  }

  /** How often this has been logged or omitted within its ten minutes. */
  private synchronized int count(String text, long nanos) {
    String key = text.substring(0, Math.min(text.length(), TEXT_CHARS_MAX));
    Count count = counts.get(key);
    if (count == null || nanos - count.begun > WINDOW_NANOS) {
      count = new Count(nanos);
      counts.put(key, count);
    }
    return ++count.lines;
  }

  /** Number of records that were not logged since the last call. */
  public long takeOmitted() {
    return omitted.getAndSet(0);
  }

  /** The last line of Kafka's clients about a lost connection: names the broker's address. */
  public Optional<String> lastConnection() {
    return Optional.ofNullable(lastConnection);
  }
}
