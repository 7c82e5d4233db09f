package dev.mezzotint.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lane schedule, the backlog estimate and the topic assigner, without a broker. */
class LanesTest {
  private static final List<String> TOPICS = Topics.withPriorities("r");
  private static final long TURN = Duration.ofSeconds(1).toNanos();
  private static final String HIGH = TOPICS.get(0);
  private static final String NORMAL = TOPICS.get(1);
  private static final String LOW = TOPICS.get(2);

  private final Set<String> paused = new HashSet<>();
  private final TopicBacklogEstimate backlog = new TopicBacklogEstimate();

  @Test
  void withPriorities_listsTheHighestFirst() {
    assertThat(TOPICS).containsExactly("r.high", "r", "r.low");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8, 13, 200})
  void order_givesTheHighTopicMostTurns_andTheOthersEqualShares(int lanes) {
    LaneSchedule rota = new LaneSchedule(TOPICS, lanes, Duration.ofNanos(TURN));
    Map<String, Integer> turns = new HashMap<>();
    int rounds = 240;
    for (int turn = 0; turn < rounds; turn++) {
      for (int lane = 0; lane < lanes; lane++) {
        List<String> order = rota.order(lane, turn * TURN + 5);
        assertThat(order).containsExactlyInAnyOrderElementsOf(TOPICS);
        turns.merge(order.get(0), 1, Integer::sum);
      }
    }
    assertThat(turns.get(HIGH)).isGreaterThanOrEqualTo(rounds * lanes / 2);
    assertThat(turns.get(NORMAL)).isEqualTo(turns.get(LOW)).isPositive();
    assertThat(turns.get(NORMAL) + turns.get(LOW)).isGreaterThanOrEqualTo(rounds * lanes / 5);
  }

  @Test
  void order_ofASingleTopic_isThatTopic() {
    LaneSchedule rota = new LaneSchedule(List.of("r"), 3, Duration.ofNanos(TURN));
    assertThat(rota.order(2, 12345)).containsExactly("r");
  }

  @Test
  void assign_prefersATopicWithMoreRequestsThanLanes() {
    TopicAssigner postings = postings(8);
    lags(0, 0, 3);
    // Six lanes whose first wish is high, and it is empty: three go, the rest stay.
    assertThat(posted(postings, 6)).containsExactly(LOW, LOW, LOW, HIGH, HIGH, HIGH);
    lags(0, 0, 0);
    assertThat(posted(postings, 6)).containsOnly(HIGH);
  }

  @Test
  void assign_withUnknownLag_pollsTheTopic() {
    TopicAssigner postings = postings(4);
    assertThat(postings.assign(0, 0)).contains(HIGH);
    postings.recordEmpty(0, HIGH, 1);
    assertThat(postings.assign(0, 2)).contains(NORMAL);
    postings.recordEmpty(0, NORMAL, 3);
    assertThat(postings.assign(0, 4)).contains(LOW);
    // Not believed for ever.
    assertThat(postings.assign(0, Duration.ofSeconds(31).toNanos())).contains(HIGH);
  }

  @Test
  void waiting_excludesRequestsOfOtherWorkers() {
    TopicAssigner postings = postings(4);
    lags(2, 0, 9);
    assertThat(postings.assign(0, 0)).contains(HIGH);
    postings.recordEmpty(0, HIGH, 1);
    assertThat(postings.assign(0, 2)).contains(LOW);
    lags(3, 0, 9); // one more than those in others' hands
    assertThat(postings.assign(0, 3)).contains(HIGH);
    lags(1, 0, 9); // others have finished
    postings.recordEmpty(0, HIGH, 4);
    lags(0, 0, 9);
    lags(1, 0, 9); // and something new has come
    assertThat(postings.assign(0, 5)).contains(HIGH);
  }

  @Test
  void recordEmpty_repeated_isValidForLonger() {
    TopicAssigner postings = postings(4);
    lags(9, 9, 9);
    long now = 0;
    for (int seconds : new int[] {5, 10, 20, 30, 30}) {
      assertThat(postings.assign(0, now)).contains(HIGH);
      postings.recordEmpty(0, HIGH, now);
      postings.recordEmpty(0, HIGH, now); // lanes that look together see it once
      now += Duration.ofSeconds(seconds).toNanos();
      assertThat(postings.assign(0, now)).contains(NORMAL);
      now++;
    }
    assertThat(postings.assign(0, now)).contains(HIGH);
    postings.recordFound(HIGH);
    postings.recordEmpty(0, HIGH, now);
    assertThat(postings.assign(0, now + Duration.ofSeconds(6).toNanos())).contains(HIGH);
  }

  @Test
  void assign_skipsPausedTopics() {
    TopicAssigner postings = postings(2);
    lags(5, 5, 5);
    paused.add(HIGH);
    assertThat(postings.assign(0, 0)).contains(NORMAL);
    paused.addAll(TOPICS);
    assertThat(postings.assign(0, 0)).isEmpty();
    lags(0, 0, 0);
    paused.remove(LOW);
    assertThat(postings.assign(0, 0)).isEqualTo(Optional.of(LOW));
  }

  @Test
  void committable_isTheFirstUnsettledRecord() {
    PartitionProgress progress = new PartitionProgress();
    assertThat(progress.moved()).isFalse();
    for (long offset : new long[] {10, 11, 12, 15}) {
      progress.add(offset);
    }
    assertThat(progress.committable()).isEqualTo(10);
    progress.settle(11);
    progress.settle(15);
    assertThat(progress.committable()).isEqualTo(10);
    assertThat(progress.replayable()).isEqualTo(6);
    progress.settle(10);
    assertThat(progress.committable()).isEqualTo(12);
    progress.committed(12);
    assertThat(progress.moved()).isFalse();
    progress.settle(12);
    assertThat(progress.committable()).isEqualTo(16);
    assertThat(progress.moved()).isTrue();
    assertThat(progress.replayable()).isZero();
  }

  private TopicAssigner postings(int lanes) {
    return new TopicAssigner(
        new LaneSchedule(TOPICS, lanes, Duration.ofHours(1)), backlog, paused::contains);
  }

  private static List<String> posted(TopicAssigner postings, int lanes) {
    return java.util.stream.IntStream.range(0, lanes)
        .mapToObj(lane -> postings.assign(lane, 0).orElseThrow())
        .toList();
  }

  private void lags(long high, long normal, long low) {
    backlog.updateLag(HIGH, OptionalLong.of(high));
    backlog.updateLag(NORMAL, OptionalLong.of(normal));
    backlog.updateLag(LOW, OptionalLong.of(low));
  }
}
