package dev.mezzotint.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventContextTest {

  private static Delivery delivery(String name, byte[] value) {
    return new Delivery("requests", 2, 5, 1, new byte[0], List.of(Map.entry(name, value)));
  }

  @Test
  void causation_isTheRequestsId_orItsCausation_orItsPosition() {
    assertThat(EventContext.of(delivery("x", new byte[0])).attributes())
        .isEqualTo(Map.of("causationid", "requests-2@5"));
    assertThat(EventContext.of(delivery("ce_causationid", "old".getBytes(UTF_8))).attributes())
        .isEqualTo(Map.of("causationid", "old"));
    Delivery both =
        new Delivery(
            "requests",
            2,
            5,
            1,
            new byte[0],
            List.of(
                Map.entry("ce_id", "first".getBytes(UTF_8)),
                Map.entry("ce_id", "last".getBytes(UTF_8)),
                Map.entry("ce_causationid", "old".getBytes(UTF_8))));
    assertThat(EventContext.check(both).attributes()).isEqualTo(Map.of("causationid", "last"));
  }

  @ParameterizedTest
  @CsvSource({
    "ce_specversion, 0.3",
    "ce_id, ' '",
    "ce_source, ''",
    "ce_type, ''",
    "ce_expirytime, tomorrow",
    "ce_expirytime, 2027-01-31",
    "ce_correlationid, ''",
    "ce_causationid, ''"
  })
  void invalidHeader_isNamedAndOmitted(String name, String value) {
    Delivery wrong = delivery(name, value.getBytes(UTF_8));
    assertThatThrownBy(() -> EventContext.check(wrong))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(name + " must be")
        .extracting(e -> ((InvalidInputException) e).field())
        .isEqualTo(name);
    assertThat(EventContext.of(wrong).attributes()).containsOnlyKeys("causationid");
  }

  @Test
  void headersThatAreNotTextOrTooLong_areRefused() {
    for (byte[] value : List.of(new byte[] {-1}, new byte[1025], "a\nb".getBytes(UTF_8))) {
      assertThatThrownBy(() -> EventContext.check(delivery("ce_id", value)))
          .hasMessageStartingWith("ce_id must be");
    }
    assertThat(EventContext.of(delivery("traceparent", new byte[] {-1})).attributes())
        .containsOnlyKeys("causationid");
  }

  @Test
  void invalidTrace_isDroppedWithoutRefusal() {
    assertThat(EventContext.check(delivery("traceparent", "1".getBytes(UTF_8))).attributes())
        .containsOnlyKeys("causationid");
  }

  @Test
  void expiring_replacesTheDeadlineOfTheRecord() {
    EventContext came =
        EventContext.of(delivery("ce_expirytime", "2027-01-31T12:00:00+02:00".getBytes(UTF_8)));
    assertThat(came.expiry()).contains(Instant.parse("2027-01-31T10:00:00Z"));
    Instant other = Instant.parse("2028-01-01T00:00:00Z");
    assertThat(came.expiring(Optional.of(other)).expiry()).contains(other);
    assertThat(came.expiring(Optional.empty()).expiry()).isEmpty();
    assertThat(EventContext.NAMES).containsAll(came.attributes().keySet());
  }
}
