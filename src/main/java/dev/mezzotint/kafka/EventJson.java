package dev.mezzotint.kafka;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Converts events to and from JSON: their fixed members and their data in one object. */
public final class EventJson {
  private static final List<String> FIXED =
      List.of("id", "type", "jobId", "attempt", "sequence", "time");

  private EventJson() {}

  static byte[] write(JobEvent event, Map<String, Object> data) {
    Map<String, Object> members = new TreeMap<>(data);
    members.put("id", event.id());
    members.put("type", event.type().wireName());
    members.put("jobId", event.jobId());
    members.put("attempt", event.attempt());
    members.put("sequence", event.sequence());
    members.put("time", event.time().toString());
    return JsonText.write(members);
  }

  /** Empty for a value that is not such an event: other programs may write to the topic. */
  public static Optional<JobEvent> read(byte @Nullable [] value) {
    if (value == null) {
      return Optional.empty();
    }
    try {
      JsonObject json = JsonObject.parse(value);
      Map<String, Object> data = new TreeMap<>(json.toMap());
      FIXED.forEach(data::remove);
      data.values().removeIf(Objects::isNull);
      return Optional.of(
          new JobEvent(
              json.requiredString("id"),
              JobEvent.Type.valueOf(json.requiredString("type").toUpperCase(Locale.ROOT)),
              json.requiredString("jobId"),
              json.integer("attempt", 0, Integer.MAX_VALUE, 0),
              json.integer("sequence", 0, Long.MAX_VALUE, 0),
              Instant.parse(json.requiredString("time")),
              data));
    } catch (InvalidInputException | IllegalArgumentException | DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
