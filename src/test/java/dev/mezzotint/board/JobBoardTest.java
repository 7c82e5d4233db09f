package dev.mezzotint.board;

import static org.assertj.core.api.Assertions.assertThat;
import static org.quicktheories.QuickTheory.qt;
import static org.quicktheories.generators.SourceDSL.longs;

import dev.mezzotint.board.BoardJob.State;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JobBoardTest {
  private static final Instant START = Instant.parse("2026-11-22T12:00:00Z");

  private final List<BoardJob> changes = new ArrayList<>();
  private final JobBoard board = new JobBoard(1000, changes::add);

  private static JobEvent event(
      String job, JobEvent.Type type, int attempt, int number, Map<String, Object> data) {
    long sequence = attempt * 1_000_000L + number;
    String id = job + "/" + type.wireName() + "/" + sequence;
    Instant time = START.plusMillis(sequence / 1000 + number);
    return new JobEvent(id, type, job, attempt, sequence, time, data);
  }

  private static JobEvent event(String job, JobEvent.Type type, int attempt, int number) {
    return event(job, type, attempt, number, Map.of());
  }

  private static void request(JobBoard board, String id, Instant at) {
    JsonObject json =
        JsonObject.parse("{\"id\":\"" + id + "\",\"model\":\"m\",\"count\":4,\"seed\":7}");
    board.requested("generation", new JobId(id), json, at);
  }

  /** A whole life with two attempts. */
  private static List<JobEvent> life(String id) {
    return List.of(
        event(id, JobEvent.Type.ACCEPTED, 1, 1, Map.of("model", "m@1")),
        event(id, JobEvent.Type.STARTED, 1, 2, Map.of("worker", "w1", "model", "m@1")),
        event(id, JobEvent.Type.PROGRESSED, 1, 3, Map.of("done", 10, "total", 40, "images", 0)),
        event(id, JobEvent.Type.STARTED, 2, 2, Map.of("worker", "w2", "model", "m@1")),
        event(id, JobEvent.Type.PROGRESSED, 2, 3, Map.of("done", 20, "total", 40, "images", 2)),
        event(id, JobEvent.Type.COMPLETED, 2, 999_999, Map.of("images", 4, "manifest", "k")));
  }

  @Test
  void request_isQueuedThenRunningThenCompleted() {
    request(board, "a", START);
    assertThat(board.job("a").orElseThrow().state()).isEqualTo(State.QUEUED);
    List<JobEvent> life = life("a");
    life.subList(0, 3).forEach(board::event);
    BoardJob running = board.job("a").orElseThrow();
    assertThat(running.state()).isEqualTo(State.RUNNING);
    assertThat(running.data()).containsEntry("done", 10).containsEntry("worker", "w1");
    assertThat(running.request()).containsEntry("seed", 7);
    life.subList(3, 6).forEach(board::event);
    BoardJob done = board.job("a").orElseThrow();
    assertThat(done.state()).isEqualTo(State.COMPLETED);
    assertThat(done.attempt()).isEqualTo(2);
    assertThat(done.data()).containsEntry("images", 4).containsEntry("done", 40);
    assertThat(done.data()).containsEntry("worker", "w2");
    assertThat(changes).hasSize(7);
    assertThat(board.counts()).containsEntry(State.COMPLETED, 1).containsEntry(State.RUNNING, 0);
  }

  @Test
  void events_inAnyOrderWithDuplicates_giveTheSameState() {
    qt().withExamples(200)
        .forAll(longs().all())
        .checkAssert(
            seed -> {
              Random random = new Random(seed);
              List<JobEvent> events = new ArrayList<>(life("a"));
              for (int i = 0; i < 6; i++) {
                events.add(events.get(random.nextInt(events.size())));
              }
              Collections.shuffle(events, random);
              JobBoard any = new JobBoard(10);
              int asked = random.nextInt(events.size());
              for (int i = 0; i < events.size(); i++) {
                if (i == asked) {
                  request(any, "a", START);
                }
                any.event(events.get(i));
              }
              BoardJob end = any.job("a").orElseThrow();
              assertThat(end.state()).isEqualTo(State.COMPLETED);
              assertThat(end.attempt()).isEqualTo(2);
              assertThat(end.data()).containsEntry("images", 4).containsEntry("model", "m@1");
              assertThat(end.kind()).isEqualTo("generation");
              assertThat(end.events())
                  .extracting(BoardJob.Event::type)
                  .containsExactly(
                      "accepted", "started", "progressed", "started", "progressed", "completed");
              assertThat(end.since()).isEqualTo(START);
              assertThat(any.size()).isOne();
            });
  }

  @Test
  void repeatedEvent_doesNotNotify() {
    life("a").forEach(board::event);
    int before = changes.size();
    life("a").forEach(board::event);
    request(board, "a", START);
    request(board, "a", START.plusSeconds(9));
    assertThat(changes).hasSize(before + 1);
  }

  @Test
  void longRequest_keepsItsShortMembers() {
    StringBuilder json = new StringBuilder("{\"id\":\"long\",\"seed\":7");
    for (int i = 0; i < 30; i++) {
      json.append(",\"m").append(i).append("\":{");
      for (int k = 0; k < 30; k++) {
        json.append(k == 0 ? "" : ",").append("\"k").append(k).append("\":\"");
        json.append("x".repeat(200)).append('"');
      }
      json.append('}');
    }
    JsonObject request = JsonObject.parse(json.append('}').toString());
    board.requested("generation", new JobId("long"), request, START);
    assertThat(board.job("long").orElseThrow().request())
        .containsEntry("seed", 7)
        .hasSizeLessThan(5);
    assertThat(board.job("long").orElseThrow().truncatedFields())
        .hasSize(16)
        .allMatch(name -> name.startsWith("m"));
  }

  @Test
  void secondTerminalEvent_doesNotReplaceTheFirst() {
    board.event(event("a", JobEvent.Type.CANCELLED, 1, 999_999));
    board.event(event("a", JobEvent.Type.COMPLETED, 2, 999_999));
    assertThat(board.job("a").orElseThrow().state()).isEqualTo(State.CANCELLED);
  }

  @Test
  void rejectedEvent_changesNoJob() {
    board.event(event("a", JobEvent.Type.REJECTED, 0, 0, Map.of("cause", "id is taken")));
    assertThat(board.job("a")).isEmpty();
  }

  @Test
  void capacity_dropsTheOldestEndedJobsFirst() {
    JobBoard small = new JobBoard(100);
    for (int i = 0; i < 50; i++) {
      small.event(event("running-" + i, JobEvent.Type.STARTED, 1, 2));
    }
    for (int i = 0; i < 1_000; i++) {
      Instant time = START.plusSeconds(i);
      small.event(
          new JobEvent(
              "e" + i, JobEvent.Type.COMPLETED, "done-" + i, 1, 1_999_999, time, Map.of()));
    }
    assertThat(small.size()).isEqualTo(100);
    assertThat(small.counts()).containsEntry(State.RUNNING, 50).containsEntry(State.COMPLETED, 50);
    assertThat(small.job("done-999")).isPresent();
    assertThat(small.job("done-949")).isEmpty();
    // A duplicate of a dropped job is added and dropped again.
    small.event(
        new JobEvent("e3", JobEvent.Type.COMPLETED, "done-3", 1, 1_999_999, START, Map.of()));
    assertThat(small.job("done-3")).isEmpty();
    assertThat(small.job("done-950")).isPresent();
  }

  @Test
  void capacity_withoutEndedJobs_dropsTheOldest() {
    JobBoard small = new JobBoard(10);
    for (int i = 0; i < 20; i++) {
      request(small, "j" + i, START.plusSeconds(i));
    }
    assertThat(small.size()).isEqualTo(10);
    assertThat(small.job("j19")).isPresent();
    assertThat(small.job("j9")).isEmpty();
  }

  @Test
  void newest_inPages_returnsEveryJobOnce() {
    for (int i = 0; i < 620; i++) {
      request(board, "j" + i, START.plusMillis(i / 3));
    }
    Set<String> seen = new HashSet<>();
    Optional<JobBoard.Cursor> after = Optional.empty();
    for (int page = 0; page < 7; page++) {
      List<BoardJob> jobs = board.newest(job -> true, after, 100);
      jobs.forEach(job -> assertThat(seen.add(job.id())).isTrue());
      after = Optional.of(cursor(jobs.get(jobs.size() - 1)));
      request(board, "new" + page, START.plusSeconds(60 + page));
    }
    assertThat(seen).hasSize(620);
    assertThat(board.newest(job -> true, after, 100)).isEmpty();
    assertThat(board.newest(job -> true, Optional.empty(), 1).get(0).id()).isEqualTo("new6");
  }

  @Test
  void settledRequest_updatesAKnownJobOnly() {
    JsonObject json = JsonObject.parse("{\"id\":\"a\",\"model\":\"m\",\"seed\":3}");
    board.settled("generation", new JobId("a"), json, START);
    assertThat(board.job("a")).isEmpty();
    board.event(event("a", JobEvent.Type.COMPLETED, 1, 999_999));
    board.settled("generation", new JobId("a"), json, START);
    assertThat(board.job("a").orElseThrow().request()).containsEntry("seed", 3);
  }

  @Test
  void cancelRequested_isShownUntilTheEnd() {
    board.cancelRequested("a"); // not known: nothing happens
    request(board, "a", START);
    board.cancelRequested("a");
    assertThat(board.job("a").orElseThrow().cancelRequested()).isTrue();
    board.event(event("a", JobEvent.Type.CANCELLED, 0, 999_999));
    assertThat(board.job("a").orElseThrow().cancelRequested()).isFalse();
  }

  @Test
  void longMembersOfARequest_areNotKept() {
    String data = "x".repeat(100_000);
    JsonObject json =
        JsonObject.parse(
            "{\"id\":\"a\",\"condition\":{\"mediaType\":\"image/png\",\"data\":\""
                + data
                + "\"},\"seeds\":["
                + "1,".repeat(500)
                + "1],\"steps\":8}");
    board.requested("generation", new JobId("a"), json, START);
    Map<String, Object> kept = board.job("a").orElseThrow().request();
    assertThat(kept).containsEntry("steps", 8).doesNotContainKey("seeds");
    assertThat(kept.toString()).hasSizeLessThan(200);
    assertThat(board.job("a").orElseThrow().truncatedFields())
        .containsExactly("condition.data", "seeds");
    assertThat(board.fingerprint("a")).isPresent();
  }

  @Test
  void lossHistory_staysShortAndCoversTheWholeRun() {
    for (int i = 1; i <= 5_000; i++) {
      Map<String, Object> data =
          Map.of("iteration", i * 10, "iterations", 50_000, "smoothedLoss", 1.0 / i);
      board.event(
          new JobEvent(
              "p" + i,
              JobEvent.Type.PROGRESSED,
              "t",
              1,
              1_000_003 + i,
              START.plusSeconds(i),
              data));
    }
    BoardJob job = board.job("t").orElseThrow();
    assertThat(job.kind()).isEqualTo("training");
    assertThat(job.lossHistory())
        .hasSizeBetween(LossHistory.POINTS_MAX / 2, LossHistory.POINTS_MAX);
    assertThat(job.lossHistory().get(0)[0]).isEqualTo(10);
    assertThat(job.lossHistory().get(job.lossHistory().size() - 1)[0]).isGreaterThan(45_000);
    assertThat(job.lossHistory()).isSortedAccordingTo((a, b) -> Double.compare(a[0], b[0]));
  }

  @Test
  void events_keepTheEndsOfEachAttemptsProgress() {
    board.event(event("a", JobEvent.Type.STARTED, 1, 2, Map.of("worker", "w1")));
    int[] done = {0, 0, 10, 20, 30, 40, 40, 40};
    for (int i = 0; i < done.length; i++) {
      board.event(
          event("a", JobEvent.Type.PROGRESSED, 1, 3 + i, Map.of("done", done[i], "total", 40)));
    }
    assertThat(board.job("a").orElseThrow().events())
        .extracting(event -> event.type() + " " + event.data().get("done"))
        .containsExactly("started null", "progressed 10", "progressed 40", "progressed 40");
    BoardJob.Event computed = board.job("a").orElseThrow().events().get(2);
    assertThat(computed.time()).as("the first that is complete").isEqualTo(START.plusMillis(1008));
    board.event(event("a", JobEvent.Type.STARTED, 2, 2));
    board.event(event("a", JobEvent.Type.FAILED, 2, 999_999, Map.of("cause", "no disk")));
    assertThat(board.job("a").orElseThrow().events())
        .hasSize(6)
        .last()
        .satisfies(end -> assertThat(end.toMap()).containsEntry("cause", "no disk"));
  }

  @Test
  void events_ofAJobWithManyAttempts_areTheFirstAndTheNewest() {
    board.event(event("a", JobEvent.Type.ACCEPTED, 1, 1));
    for (int attempt = 1; attempt <= 300; attempt++) {
      board.event(event("a", JobEvent.Type.STARTED, attempt, 2));
    }
    List<BoardJob.Event> events = board.job("a").orElseThrow().events();
    assertThat(events).hasSize(EventHistory.EVENTS_MAX);
    assertThat(events.get(0).type()).isEqualTo("accepted");
    assertThat(events.get(1).attempt()).isEqualTo(300 - EventHistory.EVENTS_MAX + 2);
    assertThat(events.get(events.size() - 1).attempt()).isEqualTo(300);
  }

  private static JobBoard.Cursor cursor(BoardJob job) {
    return new JobBoard.Cursor(job.since(), job.id());
  }
}
