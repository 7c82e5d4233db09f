package dev.mezzotint.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.kafka.DeadLetters;
import dev.mezzotint.kafka.DeadLetters.Letter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class DeadLetterReplayTest {
  private final List<Letter> letters = new ArrayList<>();
  private final List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();

  @Test
  void replay_sendsTheRequestWithANewId_withoutTheLettersHeaders() {
    letter("a", "{\"id\":\"a\",\"steps\":0}", Map.of("traceparent", "t", "x", "y"));
    replayAll();
    ProducerRecord<byte[], byte[]> record = sent.get(0);

    assertThat(record.topic()).isEqualTo("requests");
    assertThat(record.key()).asString(UTF_8).isEqualTo("key");
    assertThat(JsonObject.parse(record.value()).toMap())
        .isEqualTo(Map.of("id", "a.r1", "steps", 0));
    assertThat(headers(record))
        .isEqualTo(
            Map.of(
                "traceparent", "t",
                "x", "y",
                "ce_causationid", "a",
                "ce_correlationid", "a",
                "mezzotint-replayed-from", "dead-0@0"));
  }

  @Test
  void replay_twice_givesTheSameId() {
    letter("a", "{\"id\":\"a\"}", Map.of());
    replayAll();
    replayAll();
    assertThat(ids()).containsExactly("a.r1", "a.r1");
  }

  @Test
  void replay_ofADuplicateLetter_isSentOnce() {
    letter("a", "{\"id\":\"a\"}", Map.of());
    letter("a", "{\"id\":\"a\"}", Map.of());
    replayAll();
    assertThat(ids()).containsExactly("a.r1");
  }

  @Test
  void replay_ofDifferentRequestsWithOneId_givesDifferentIds() {
    letter("a", "{\"id\":\"a\",\"seed\":1}", Map.of());
    letter("a", "{\"id\":\"a\",\"seed\":2}", Map.of());
    replayAll();
    assertThat(ids()).containsExactly("a.r1", "a.r2");
  }

  @Test
  void replay_ofAFailedReplay_incrementsTheNumber() {
    letter("a", "{\"id\":\"a\"}", Map.of());
    letter("a.r1", "{\"id\":\"a.r1\"}", Map.of("ce_correlationid", "a", "ce_causationid", "a"));
    List<DeadLetterReplay.Outcome> outcomes = replayAll();

    assertThat(ids()).containsExactly("a.r2");
    assertThat(headers(sent.get(0)))
        .containsEntry("ce_causationid", "a.r1")
        .containsEntry("ce_correlationid", "a");
    assertThat(outcomes.get(0).refusal()).contains("a.r1", "died too");
    assertThat(outcomes.get(1).refusal()).isEmpty();
  }

  @Test
  void replay_ofASelection_givesTheSameNumbers() {
    letter("a", "{\"id\":\"a\",\"seed\":1}", Map.of());
    letter("a", "{\"id\":\"a\",\"seed\":2}", Map.of());
    replay(letter -> letter.record().offset() == 1, false);
    assertThat(ids()).containsExactly("a.r2");
  }

  @Test
  void replay_numbersContinueAfterMissingLetters() {
    letter("a.r7", "{\"id\":\"a.r7\"}", Map.of());
    letter("a", "{\"id\":\"a\",\"seed\":3}", Map.of());
    replayAll();
    assertThat(ids()).containsExactly("a.r8", "a.r9");
  }

  @Test
  void replay_ofALongId_truncatesIt() {
    String longest = "x".repeat(128);
    letter(longest, "{\"id\":\"" + longest + "\"}", Map.of());
    replayAll();
    assertThat(ids()).containsExactly("x".repeat(125) + ".r1");
  }

  @Test
  void replay_withoutAUsableId_keepsTheBytes() {
    letter("", "not JSON", Map.of());
    letter("", "{\"id\":\"/\"}", Map.of());
    letter("", "not JSON", Map.of());
    List<DeadLetterReplay.Outcome> outcomes = replayAll();
    assertThat(sent)
        .extracting(r -> new String(r.value(), UTF_8))
        .containsExactly("not JSON", "{\"id\":\"/\"}", "not JSON");
    assertThat(headers(sent.get(0))).containsOnlyKeys("mezzotint-replayed-from");
    assertThat(outcomes).allMatch(o -> o.id().isEmpty() && o.refusal().isEmpty());
  }

  @Test
  void replay_asIs_keepsTheBytes() {
    letter("a", "{ \"id\": \"a\" }", Map.of());
    List<DeadLetterReplay.Outcome> outcomes = replay(l -> true, true);
    assertThat(sent.get(0).value()).asString(UTF_8).isEqualTo("{ \"id\": \"a\" }");
    assertThat(headers(sent.get(0))).containsOnlyKeys("mezzotint-replayed-from");
    assertThat(outcomes.get(0).id()).isEqualTo("a");
  }

  @Test
  void replay_ofATruncatedLetter_isRefused() {
    letter("a", "", Map.of("mezzotint-truncated", "9000000"));
    List<DeadLetterReplay.Outcome> outcomes = replayAll();
    assertThat(sent).isEmpty();
    assertThat(outcomes.get(0).refusal()).contains("9000000");
  }

  @Test
  void concerns_matchesTheJobAndItsReplays() {
    letter("a", "1", Map.of());
    letter("a.r12", "2", Map.of());
    letter("ab", "3", Map.of());
    letter("a.r0", "4", Map.of());
    assertThat(letters.stream().map(l -> DeadLetterReplay.concerns(l, "a")))
        .containsExactly(true, true, false, false);
    assertThat(DeadLetterReplay.concerns(letters.get(1), "a.r12")).isTrue();
  }

  private List<DeadLetterReplay.Outcome> replayAll() {
    return replay(letter -> true, false);
  }

  private List<DeadLetterReplay.Outcome> replay(Predicate<Letter> chosen, boolean asIs) {
    return DeadLetterReplay.of(letters, chosen, asIs, sent::add);
  }

  private List<String> ids() {
    return sent.stream().map(r -> JsonObject.parse(r.value()).requiredString("id")).toList();
  }

  private void letter(String job, String value, Map<String, String> more) {
    Map<String, String> headers = new TreeMap<>(more);
    headers.put(DeadLetters.JOB, job);
    headers.put(DeadLetters.TOPIC, "requests");
    headers.put(DeadLetters.CAUSE, "because");
    headers.put(DeadLetters.ATTEMPT, "1");
    RecordHeaders on = new RecordHeaders();
    headers.forEach((name, text) -> on.add(name, text.getBytes(UTF_8)));
    letters.add(
        new Letter(
            new ConsumerRecord<>(
                "dead",
                0,
                letters.size(),
                1000L + letters.size(),
                TimestampType.CREATE_TIME,
                3,
                value.length(),
                "key".getBytes(UTF_8),
                value.getBytes(UTF_8),
                on,
                Optional.empty())));
  }

  private static Map<String, String> headers(ProducerRecord<byte[], byte[]> record) {
    Map<String, String> found = new TreeMap<>();
    for (Header header : record.headers()) {
      assertThat(found.put(header.key(), new String(header.value(), UTF_8))).isNull();
    }
    return found;
  }
}
