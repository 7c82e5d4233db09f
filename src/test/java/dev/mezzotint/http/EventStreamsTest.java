package dev.mezzotint.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.JobEvent;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who listens hears each change once, also after a while away. */
class EventStreamsTest {
  private final FrontWithoutBroker rest = new FrontWithoutBroker();

  @AfterEach
  void close() {
    rest.close();
  }

  @Test
  void changesAreHeardAndWhoComesBackHearsWhatWasMissed() {
    FrontWithoutBroker.Ear ear = rest.listen("", Map.of());
    assertThat(ear.heard).contains("event: hello");
    rest.finished("a", JobEvent.Type.COMPLETED);
    assertThat(ear.heard).contains("event: job\ndata: {\"id\":\"a\"");
    rest.front.leave(ear);
    rest.finished("b", JobEvent.Type.COMPLETED);
    rest.finished("c", JobEvent.Type.FAILED);
    FrontWithoutBroker.Ear again = rest.listen("", Map.of("last-event-id", ear.lastId()));
    assertThat(again.heard)
        .contains("\"id\":\"b\"", "\"id\":\"c\"")
        .doesNotContain("\"id\":\"a\"", "event: reset");
    FrontWithoutBroker.Ear other = rest.listen("", Map.of("last-event-id", "12345678-9"));
    assertThat(other.heard).contains("event: reset").doesNotContain("event: job");
  }

  @Test
  void aConnectionThatBreaksBeforeWhatWasMissedHasComeMissesItStill() {
    FrontWithoutBroker.Ear ear = rest.listen("", Map.of());
    rest.front.leave(ear);
    rest.finished("a", JobEvent.Type.COMPLETED);
    FrontWithoutBroker.Ear broken = rest.listen("", Map.of("last-event-id", ear.lastId()));
    rest.front.leave(broken);
    String hello = broken.heard.toString().split("\n\n")[0];
    assertThat(hello).contains("event: hello").contains("id: " + ear.lastId());
  }

  @Test
  void oneJobCanBeListenedTo() {
    FrontWithoutBroker.Ear ear = rest.listen("?job=b", Map.of());
    rest.finished("a", JobEvent.Type.COMPLETED);
    rest.finished("b", JobEvent.Type.COMPLETED);
    assertThat(ear.heard).contains("\"id\":\"b\"").doesNotContain("\"id\":\"a\"");
  }

  @Test
  void whoWasAwayForTooLongReadsTheListAnew() {
    FrontWithoutBroker.Ear ear = rest.listen("", Map.of());
    String first = ear.lastId();
    rest.front.leave(ear);
    for (int i = 0; i < EventStreams.REMEMBERED_MAX + 5; i++) {
      rest.finished("j" + i, JobEvent.Type.COMPLETED);
    }
    assertThat(rest.listen("", Map.of("last-event-id", first)).heard).contains("event: reset");
  }

  @Test
  void whoMissedMoreThanIsSentAtOnceReadsTheListAnew() {
    FrontWithoutBroker.Ear ear = rest.listen("", Map.of());
    String first = ear.lastId();
    rest.front.leave(ear);
    rest.finished("a", JobEvent.Type.COMPLETED);
    assertThat(rest.listen("", Map.of("last-event-id", first)).heard).contains("\"id\":\"a\"");
    String padding = "x".repeat(100);
    for (int i = 0; i < EventStreams.REMEMBERED_MAX - 5; i++) {
      rest.finished(padding + i, JobEvent.Type.COMPLETED);
    }
    assertThat(rest.listen("", Map.of("last-event-id", first)).heard)
        .contains("event: reset")
        .doesNotContain("event: job");
  }

  @Test
  void theSlowAreDroppedAndTheManyTurnedAway() {
    FrontWithoutBroker.Ear slow = rest.listen("", Map.of());
    slow.roomChars = slow.heard.length() + 10;
    rest.finished("a", JobEvent.Type.COMPLETED);
    assertThat(slow.ended).isTrue();
    assertThat(rest.streams.clients()).isZero();
    for (int i = 0; i < EventStreams.CLIENTS_MAX; i++) {
      rest.listen("", Map.of());
    }
    Optional<HttpResponse> refused =
        rest.front.listen(
            FrontWithoutBroker.call("GET", "/api/events", Map.of(), ""),
            new FrontWithoutBroker.Ear());
    assertThat(refused.orElseThrow().status()).isEqualTo(503);
  }
}
