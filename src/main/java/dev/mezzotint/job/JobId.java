package dev.mezzotint.job;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.regex.Pattern;

/**
 * Name of a job, given by whoever asks for it, and the job's idempotency key: the same id with the
 * same request is the same job.
 *
 * <p>The rule keeps an id usable as it stands in object keys, event ids and file names: no
 * separator, no leading dot.
 */
public record JobId(String value) {
  /** The rule as a regular expression. */
  public static final String RULE = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}";

  private static final Pattern PATTERN = Pattern.compile(RULE);

  public JobId {
    if (!PATTERN.matcher(value).matches()) {
      throw new InvalidInputException(
          "id",
          "id must be 1 to 128 letters, digits, '.', '_' or '-', beginning with a letter or digit,"
              + " not "
              + JsonObject.quote(value));
    }
  }

  /** The {@code id} of any kind of request. */
  public static JobId read(JsonObject request) {
    return new JobId(request.requiredString("id"));
  }

  @Override
  public String toString() {
    return value;
  }
}
