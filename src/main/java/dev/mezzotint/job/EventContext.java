package dev.mezzotint.job;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * CloudEvents attributes that a job's events copy from the record of the request.
 *
 * <p>A request may be a CloudEvent in binary mode. Its {@code ce_id} becomes the {@code
 * causationid} of all events of the job (without one, its own {@code ce_causationid} does, or its
 * position). Its {@code ce_correlationid}, {@code traceparent} and {@code tracestate} are copied,
 * and its {@code ce_expirytime} is the deadline if the body does not have one. The address of the
 * request's {@code webhook} is added for the process that calls it.
 *
 * @param attributes by CloudEvents name: some of {@link #NAMES}
 */
public record EventContext(Map<String, String> attributes) {
  public static final String CORRELATION = "correlationid";
  public static final String CAUSATION = "causationid";
  public static final String EXPIRY = "expirytime";
  public static final String WEBHOOK = "webhook";
  public static final String TRACE_PARENT = "traceparent";
  public static final String TRACE_STATE = "tracestate";

  public static final List<String> NAMES =
      List.of(CORRELATION, CAUSATION, EXPIRY, WEBHOOK, TRACE_PARENT, TRACE_STATE);

  public static final EventContext NONE = new EventContext(Map.of());

  private static final int CHARS_MAX = 1024;
  private static final Pattern TRACE =
      Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?");

  public EventContext {
    attributes = Map.copyOf(attributes);
  }

  /** Reads the record's headers and omits invalid ones. */
  public static EventContext of(Delivery delivery) {
    return read(delivery, refused -> {});
  }

  /**
   * As {@link #of}, but does not accept invalid headers.
   *
   * @throws InvalidInputException naming the first invalid CloudEvents header
   */
  public static EventContext check(Delivery delivery) {
    return read(
        delivery,
        refused -> {
          throw refused;
        });
  }

  private static EventContext read(Delivery delivery, Consumer<InvalidInputException> refuse) {
    Headers headers = new Headers(delivery, refuse);
    Map<String, String> found = new HashMap<>();
    Optional<String> version = headers.text("ce_specversion");
    if (version.isPresent() && !version.get().equals("1.0")) {
      refuse.accept(wrong("ce_specversion", "must be 1.0", version.get()));
    }
    headers.text("ce_source");
    headers.text("ce_type");
    Optional<String> id = headers.text("ce_id");
    Optional<String> cause = headers.text("ce_causationid");
    found.put(CAUSATION, id.or(() -> cause).orElse(delivery.position()));
    headers.text("ce_correlationid").ifPresent(text -> found.put(CORRELATION, text));
    headers.time("ce_expirytime").ifPresent(time -> found.put(EXPIRY, time.toString()));
    // An invalid trace is dropped, as W3C Trace Context requires.
    Optional<String> parent = headers.lenient(TRACE_PARENT);
    if (parent.isPresent() && TRACE.matcher(parent.get()).matches()) {
      found.put(TRACE_PARENT, parent.get());
      headers.lenient(TRACE_STATE).ifPresent(state -> found.put(TRACE_STATE, state));
    }
    return new EventContext(found);
  }

  public Optional<Instant> expiry() {
    return Optional.ofNullable(attributes.get(EXPIRY)).map(Instant::parse);
  }

  public EventContext expiring(Optional<Instant> deadline) {
    Map<String, String> changed = new HashMap<>(attributes);
    changed.remove(EXPIRY);
    deadline.ifPresent(time -> changed.put(EXPIRY, time.toString()));
    return new EventContext(changed);
  }

  /** With the address that the job's end is sent to. */
  public EventContext calling(Optional<URI> webhook) {
    Map<String, String> changed = new HashMap<>(attributes);
    webhook.ifPresent(address -> changed.put(WEBHOOK, address.toString()));
    return new EventContext(changed);
  }

  private static InvalidInputException wrong(String header, String rule, String value) {
    return InvalidInputException.of(header, "%s, not %s", rule, JsonObject.quote(value));
  }

  /** Reads headers; the last one of a name counts, as everywhere in Kafka. */
  private record Headers(Delivery delivery, Consumer<InvalidInputException> refuse) {

    Optional<String> text(String name) {
      Optional<byte[]> bytes = last(name);
      Optional<String> text = bytes.flatMap(Headers::decoded);
      if (bytes.isPresent() && text.isEmpty()) {
        refuse.accept(
            InvalidInputException.of(name, "must be 1 to %s characters of UTF-8 text", CHARS_MAX));
      }
      return text;
    }

    Optional<Instant> time(String name) {
      Optional<String> text = text(name);
      try {
        return text.map(value -> OffsetDateTime.parse(value).toInstant());
      } catch (DateTimeException e) {
        refuse.accept(
            wrong(name, "must be a time such as 2027-01-31T12:00:00Z", text.orElseThrow()));
        return Optional.empty();
      }
    }

    Optional<String> lenient(String name) {
      return last(name).flatMap(Headers::decoded);
    }

    private Optional<byte[]> last(String name) {
      return delivery.headers().stream()
          .filter(header -> header.getKey().equals(name))
          .reduce((earlier, later) -> later)
          .map(Map.Entry::getValue);
    }

    private static Optional<String> decoded(byte[] utf8) {
      try {
        String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        boolean usable =
            !text.isBlank()
                && text.length() <= CHARS_MAX
                && text.chars().noneMatch(Character::isISOControl);
        return usable ? Optional.of(text) : Optional.empty();
      } catch (CharacterCodingException e) {
        return Optional.empty();
      }
    }
  }
}
