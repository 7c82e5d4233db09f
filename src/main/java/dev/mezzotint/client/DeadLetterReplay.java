package dev.mezzotint.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.kafka.DeadLetters;
import dev.mezzotint.kafka.DeadLetters.Letter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/**
 * Sends the requests of dead letters again, as new jobs.
 *
 * <p>An ended job does not change, so its request gets a new id: {@code poster} becomes {@code
 * poster.r1}, {@code poster.r2} and so on, one number per different letter of {@code poster}. The
 * numbers follow from the letters in the topic, so a letter gets the same new id each time it is
 * replayed: replaying twice makes one job. A letter whose replay failed too is not sent; the newer
 * letter is. A record without a usable id is sent unchanged.
 */
public final class DeadLetterReplay {
  /** Header of a replayed request: the position of its letter. */
  public static final String REPLAYED_FROM = "mezzotint-replayed-from";

  private static final int ID_CHARS_MAX = 128;
  private static final Pattern REPLAYED = Pattern.compile("(.+)\\.r([1-9][0-9]{0,8})");

  /**
   * Result for one letter.
   *
   * @param letter its position
   * @param topic the request's topic
   * @param job the failed job's id; empty if the record had none
   * @param id of the request that was sent
   * @param refusal why the request was not sent; empty if it was
   */
  public record Outcome(String letter, String topic, String job, String id, String refusal) {}

  private record Job(String id, ByteBuffer value) {}

  private DeadLetterReplay() {}

  /**
   * Replays letters.
   *
   * @param letters all letters of the topic, oldest first
   * @param send returns once the broker has the record
   */
  static List<Outcome> of(
      List<Letter> letters,
      Predicate<Letter> chosen,
      boolean asIs,
      Consumer<ProducerRecord<byte[], byte[]>> send) {
    List<Outcome> outcomes = new ArrayList<>();
    Map<String, Integer> numbers = new HashMap<>();
    Set<Job> seen = new HashSet<>();
    Set<String> dead = new HashSet<>();
    letters.forEach(letter -> dead.add(letter.job()));
    for (Letter letter : letters) {
      boolean first = seen.add(new Job(letter.job(), ByteBuffer.wrap(value(letter))));
      if (!first && !letter.job().isEmpty()) {
        continue; // a duplicate of an earlier letter
      }
      String id = newId(letter.job(), numbers);
      if (chosen.test(letter)) {
        outcomes.add(replay(letter, asIs ? letter.job() : id, dead, asIs, send));
      }
    }
    return outcomes;
  }

  /** Returns whether a letter is of this job or of one of its replays. */
  public static boolean concerns(Letter letter, String job) {
    return letter.job().equals(job) || base(letter.job()).equals(job);
  }

  private static Outcome replay(
      Letter letter,
      String id,
      Set<String> dead,
      boolean asIs,
      Consumer<ProducerRecord<byte[], byte[]>> send) {
    String topic = letter.header(DeadLetters.TOPIC).orElse("");
    Optional<String> refusal = refusal(letter, topic);
    if (refusal.isEmpty() && !asIs && !id.isEmpty() && dead.contains(id)) {
      refusal = Optional.of("its replay " + id + " died too");
    }
    Optional<byte[]> renamed = asIs ? Optional.empty() : renamed(letter, id);
    String sent = renamed.isPresent() ? id : letter.job();
    if (refusal.isEmpty()) {
      send.accept(record(letter, topic, renamed));
    }
    return new Outcome(letter.position(), topic, letter.job(), sent, refusal.orElse(""));
  }

  private static Optional<String> refusal(Letter letter, String topic) {
    if (topic.isEmpty()) {
      return Optional.of("it does not say which topic it came from");
    }
    return letter
        .header(DeadLetters.TRUNCATED)
        .map(bytes -> "its " + bytes + " bytes were too many for the dead-letter topic");
  }

  private static ProducerRecord<byte[], byte[]> record(
      Letter letter, String topic, Optional<byte[]> renamed) {
    var record =
        new ProducerRecord<>(topic, null, letter.record().key(), renamed.orElse(value(letter)));
    for (Header header : letter.record().headers()) {
      boolean added =
          DeadLetters.HEADERS.contains(header.key())
              || header.key().equals(REPLAYED_FROM)
              || header.key().equals(Delivery.ORIGIN);
      if (!added) {
        record.headers().add(header);
      }
    }
    if (renamed.isPresent()) {
      // The new job's events refer to the old one.
      record.headers().remove("ce_causationid");
      record.headers().add("ce_causationid", letter.job().getBytes(UTF_8));
      if (record.headers().lastHeader("ce_correlationid") == null) {
        record.headers().add("ce_correlationid", base(letter.job()).getBytes(UTF_8));
      }
    }
    record.headers().add(REPLAYED_FROM, letter.position().getBytes(UTF_8));
    return record;
  }

  /** The request with the new id; empty if it has no id to replace. */
  private static Optional<byte[]> renamed(Letter letter, String id) {
    if (id.isEmpty()) {
      return Optional.empty();
    }
    try {
      JsonObject json = JsonObject.parse(value(letter));
      JobId.read(json);
      Map<String, Object> members = new TreeMap<>(json.toMap());
      members.put("id", new JobId(id).value());
      return Optional.of(JsonText.write(members));
    } catch (InvalidInputException e) {
      return Optional.empty();
    }
  }

  /** The next number after all numbers that occur in letters. */
  private static String newId(String job, Map<String, Integer> numbers) {
    if (job.isEmpty()) {
      return "";
    }
    String base = base(job);
    int given = job.equals(base) ? 0 : Integer.parseInt(job.substring(base.length() + 2));
    int number = Math.max(numbers.getOrDefault(base, 0), given) + 1;
    numbers.put(base, number);
    String suffix = ".r" + number;
    return base.substring(0, Math.min(base.length(), ID_CHARS_MAX - suffix.length())) + suffix;
  }

  private static String base(String job) {
    Matcher replayed = REPLAYED.matcher(job);
    return replayed.matches() ? replayed.group(1) : job;
  }

  private static byte[] value(Letter letter) {
    byte[] value = letter.record().value();
    return value == null ? new byte[0] : value;
  }
}
