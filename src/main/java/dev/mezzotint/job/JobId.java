package dev.mezzotint.job;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Id of a job, chosen by the client, and the job's idempotency key: the same id with the same
 * request is the same job.
 *
 * <p>The rule makes ids usable in object keys, event ids and file names without escaping: no
 * separator, no leading dot.
 */
public record JobId(@JsonValue String value) {
  /** The rule as a regular expression. */
  public static final String RULE = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}";

  private static final Pattern PATTERN = Pattern.compile(RULE);

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private static final SecureRandom RANDOM = new SecureRandom();

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public JobId {
    if (!PATTERN.matcher(value).matches()) {
      throw new InvalidInputException(
          "id",
          "id must be 1 to 128 letters, digits, '.', '_' or '-', beginning with a letter or digit,"
              + " not "
              + JsonObject.quote(value));
    }
  }

  /** A new id, which sorts by time: {@code 20270131-120000-1k2j3h4g}. */
  public static JobId next() {
    return new JobId(
        TIME.format(Instant.now()) + "-" + Long.toString(RANDOM.nextLong() >>> 24, 36));
  }

  /** Reads the {@code id} of any kind of request. */
  public static JobId read(JsonObject request) {
    return new JobId(request.requiredString("id"));
  }

  @Override
  public String toString() {
    return value;
  }
}
