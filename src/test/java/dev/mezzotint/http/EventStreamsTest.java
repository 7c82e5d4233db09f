package dev.mezzotint.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.JobBoard;
import dev.mezzotint.http.EventStreams.Event;
import dev.mezzotint.job.JobEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventStreamsTest {
  private final EventStreams streams = new EventStreams(Map::of);
  private final JobBoard board = new JobBoard(1_000, streams::changed);

  @AfterEach
  void close() {
    streams.close();
  }

  /** Keeps all events. */
  private static final class Client implements EventStreams.Client {
    final List<Event> events = new ArrayList<>();
    int room = Integer.MAX_VALUE;
    boolean ended;

    @Override
    public boolean send(Event event) {
      events.add(event);
      return events.size() < room;
    }

    @Override
    public void end() {
      ended = true;
    }

    Optional<String> lastId() {
      return events.get(events.size() - 1).id();
    }

    List<String> names() {
      return events.stream().map(Event::name).filter(name -> !name.equals("figures")).toList();
    }

    String jobs() {
      return events.stream().filter(e -> e.name().equals("job")).map(Event::data).toList() + "";
    }
  }

  private Client open(Optional<String> last, Optional<String> job) {
    Client client = new Client();
    assertThat(streams.open(last, job, client)).isTrue();
    return client;
  }

  private Client open(Optional<String> last) {
    return open(last, Optional.empty());
  }

  private void finished(String id) {
    JobEvent.Type type = JobEvent.Type.COMPLETED;
    board.event(new JobEvent(id + type, type, id, 1, 1_999_999, FakeFront.START, Map.of()));
  }

  @Test
  void clientThatReconnects_receivesTheChangesThatItMissed() {
    Client client = open(Optional.empty());
    assertThat(client.names()).containsExactly("hello");
    finished("a");
    assertThat(client.names()).containsExactly("hello", "job");
    assertThat(client.jobs()).contains("{\"id\":\"a\"");
    streams.close(client);
    finished("b");
    finished("c");
    Client again = open(client.lastId());
    assertThat(again.names()).containsExactly("hello", "job", "job");
    assertThat(again.jobs())
        .contains("\"id\":\"b\"", "\"id\":\"c\"")
        .doesNotContain("\"id\":\"a\"");
    assertThat(open(Optional.of("12345678-9")).names()).containsExactly("reset");
  }

  @Test
  void clientThatLosesItsConnectionAtOnce_canResumeFromTheSamePlace() {
    Client client = open(Optional.empty());
    Optional<String> last = client.lastId();
    streams.close(client);
    finished("a");
    Client broken = open(last);
    assertThat(broken.events.get(0).name()).isEqualTo("hello");
    assertThat(broken.events.get(0).id()).isEqualTo(last);
  }

  @Test
  void clientOfOneJob_receivesNoOthers() {
    Client client = open(Optional.empty(), Optional.of("b"));
    finished("a");
    finished("b");
    assertThat(client.jobs()).contains("\"id\":\"b\"").doesNotContain("\"id\":\"a\"");
  }

  @Test
  void clientOfOneJob_receivesItsPresentStateOnce() {
    finished("a");
    BoardJob ended = board.job("a").orElseThrow();
    Client late = open(Optional.empty(), Optional.of("a"));
    streams.present(ended, late);
    streams.present(ended, late);
    assertThat(late.names()).containsExactly("hello", "job");
    assertThat(late.jobs()).contains("\"state\":\"completed\"");
    assertThat(late.lastId()).isEmpty(); // resumes from before
    // A change came between: the state that was read before it is old.
    Client early = open(Optional.empty(), Optional.of("b"));
    finished("b");
    streams.present(ended, early);
    assertThat(early.jobs()).contains("\"id\":\"b\"").doesNotContain("\"id\":\"a\"");
  }

  @Test
  void clientThatMissedTooManyChanges_isReset() {
    Client client = open(Optional.empty());
    streams.close(client);
    for (int i = 0; i < EventStreams.REMEMBERED_MAX + 5; i++) {
      finished("j" + i);
    }
    assertThat(open(client.lastId()).names()).containsExactly("reset");
  }

  @Test
  void clientThatMissedTooMuchText_isReset() {
    Client client = open(Optional.empty());
    streams.close(client);
    finished("a");
    assertThat(open(client.lastId()).jobs()).contains("\"id\":\"a\"");
    String padding = "x".repeat(100);
    for (int i = 0; i < EventStreams.REMEMBERED_MAX - 5; i++) {
      finished(padding + i);
    }
    assertThat(open(client.lastId()).names()).containsExactly("reset");
  }

  @Test
  void slowClientsAreEndedAndTooManyRefused() {
    Client slow = open(Optional.empty());
    slow.room = slow.events.size() + 1;
    finished("a");
    assertThat(slow.ended).isTrue();
    assertThat(streams.clients()).isZero();
    for (int i = 0; i < EventStreams.CLIENTS_MAX; i++) {
      open(Optional.empty());
    }
    assertThat(streams.open(Optional.empty(), Optional.empty(), new Client())).isFalse();
  }
}
