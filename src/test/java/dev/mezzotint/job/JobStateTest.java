package dev.mezzotint.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.quicktheories.QuickTheory.qt;
import static org.quicktheories.generators.SourceDSL.integers;
import static org.quicktheories.generators.SourceDSL.lists;
import static org.quicktheories.generators.SourceDSL.longs;

import dev.mezzotint.job.JobEvent.Type;
import dev.mezzotint.job.JobState.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.quicktheories.core.Gen;

class JobStateTest {
  private static final int CASES = 5_000;

  private static JobEvent event(Type type, int attempt, int n, String end) {
    String id = "a/" + type.wireName() + "/" + (type.terminal() ? end : attempt + "/" + n);
    long sequence = attempt * 1_000_000L + (type.terminal() ? 999_999 : n);
    return new JobEvent(id, type, "a", attempt, sequence, Instant.EPOCH, Map.of());
  }

  /** Arbitrary events in arbitrary order. */
  private static Gen<JobEvent> events() {
    List<Type> ofJobs = Stream.of(Type.values()).filter(t -> t != Type.REJECTED).toList();
    return integers()
        .between(0, ofJobs.size() - 1)
        .zip(
            integers().between(0, 4),
            integers().between(1, 6),
            (type, attempt, n) -> event(ofJobs.get(type), attempt, n, "same"));
  }

  @Test
  void after_onlyMovesForward_forArbitraryEvents() {
    AtomicInteger ended = new AtomicInteger();
    qt().withExamples(CASES)
        .forAll(lists().of(events()).ofSizeBetween(0, 40))
        .checkAssert(
            list -> {
              JobState life = JobState.NEW;
              Optional<State> end = Optional.empty();
              for (JobEvent event : list) {
                JobState before = life;
                Optional<JobState> next;
                try {
                  next = before.after(event);
                } catch (JobState.TwoEndsException e) {
                  assertThat(before.isTerminal() && event.type().terminal()).isTrue();
                  assertThat(event.id()).isNotEqualTo(before.endId());
                  continue;
                }
                life = next.orElse(before);
                assertThat(life.sequence()).isGreaterThanOrEqualTo(before.sequence());
                assertThat(life.attempt()).isGreaterThanOrEqualTo(before.attempt());
                if (next.isPresent()) {
                  assertThat(before.isTerminal()).as("a terminal state has no successor").isFalse();
                  assertThat(before.state().next()).contains(life.state());
                }
                assertThat(life.isTerminal()).isEqualTo(!life.endId().isEmpty());
                if (end.isPresent()) {
                  assertThat(life.state()).isEqualTo(end.get());
                } else if (life.isTerminal()) {
                  end = Optional.of(life.state());
                  ended.incrementAndGet();
                }
              }
            });
    assertThat(ended.get()).isGreaterThan(CASES / 2);
  }

  @Test
  void everyStateReachesATerminalState_andTerminalStatesHaveNoSuccessor() {
    for (State state : State.values()) {
      Set<State> reached = new HashSet<>(EnumSet.of(state));
      List<State> open = new ArrayList<>(reached);
      while (!open.isEmpty()) {
        for (State next : open.remove(0).next()) {
          if (reached.add(next)) {
            open.add(next);
          }
        }
      }
      assertThat(reached)
          .containsAll(State.TERMINAL.contains(state) ? Set.of(state) : State.TERMINAL);
      assertThat(state.next().isEmpty()).isEqualTo(State.TERMINAL.contains(state));
      assertThat(state.next()).doesNotContain(State.WAITING);
    }
  }

  /** Events of several attempts of one job, then reordered, repeated and partly lost. */
  @Test
  void endIsTheSame_whenEventsAreReorderedRepeatedAndLost() {
    AtomicInteger changed = new AtomicInteger();
    qt().withExamples(CASES)
        .forAll(longs().all(), integers().between(1, 4), integers().between(0, 3))
        .checkAssert(
            (seed, attempts, ending) -> {
              Random random = new Random(seed);
              List<JobEvent> published = new ArrayList<>();
              published.add(event(Type.ACCEPTED, 1, 1, ""));
              for (int attempt = 1; attempt <= attempts; attempt++) {
                published.add(event(Type.STARTED, attempt, 2, ""));
                int progress = random.nextInt(4);
                for (int n = 0; n < progress; n++) {
                  published.add(event(Type.PROGRESSED, attempt, 3 + n, ""));
                }
              }
              Type type =
                  List.of(Type.COMPLETED, Type.FAILED, Type.CANCELLED, Type.EXPIRED).get(ending);
              JobEvent end = event(type, random.nextInt(attempts + 1), 0, "e");
              List<JobEvent> received = new ArrayList<>();
              for (JobEvent event : published) {
                for (int copies = random.nextInt(3); copies > 0; copies--) {
                  received.add(event);
                }
              }
              received.add(end);
              Collections.shuffle(received, random);
              received.add(end);
              JobState life = JobState.NEW;
              int steps = 0;
              for (JobEvent event : received) {
                Optional<JobState> next = life.after(event);
                steps += next.isPresent() ? 1 : 0;
                life = next.orElse(life);
              }
              assertThat(life.endId()).isEqualTo(end.id());
              assertThat(life.state().name()).isEqualTo(type.name());
              changed.addAndGet(received.size() - steps);
            });
    assertThat(changed.get()).as("ignored events").isGreaterThan(CASES);
  }

  @Test
  void eventsOfASupersededAttempt_areIgnored() {
    JobState life = JobState.NEW;
    for (JobEvent event :
        List.of(
            event(Type.ACCEPTED, 1, 1, ""),
            event(Type.STARTED, 1, 2, ""),
            event(Type.STARTED, 2, 2, ""))) {
      life = life.after(event).orElseThrow();
    }
    assertThat(life.after(event(Type.PROGRESSED, 1, 3, ""))).isEmpty();
    assertThat(life.after(event(Type.STARTED, 2, 2, ""))).isEmpty();
    assertThat(life.after(event(Type.PROGRESSED, 2, 3, ""))).isPresent();
  }

  @Test
  void secondEndWithAnotherId_isAnError() {
    JobState over = JobState.NEW.after(event(Type.COMPLETED, 1, 0, "one")).orElseThrow();
    assertThat(over.after(event(Type.COMPLETED, 1, 0, "one"))).isEmpty();
    assertThat(over.after(event(Type.PROGRESSED, 9, 3, ""))).isEmpty();
    assertThatThrownBy(() -> over.after(event(Type.COMPLETED, 1, 0, "two")))
        .isInstanceOf(JobState.TwoEndsException.class);
    assertThatThrownBy(() -> over.after(event(Type.FAILED, 2, 0, "one")))
        .isInstanceOf(JobState.TwoEndsException.class);
  }

  @Test
  void rejectedEvent_isNotAcceptedForAJob() {
    JobEvent rejected =
        new JobEvent("rejected/t/0/1", Type.REJECTED, "a", 0, 0, Instant.EPOCH, Map.of());
    assertThatThrownBy(() -> JobState.NEW.after(rejected))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
