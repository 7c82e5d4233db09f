package dev.mezzotint.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Which topic each lane serves first, so that the highest priority has most of the lanes and none
 * has none.
 *
 * <p>Three quarters of the lanes, rounded up, look at the highest topic first. Each of the others
 * takes turns at the rest, a step apart from its neighbour. A lane alone gives every fourth turn to
 * the rest. A lane that finds nothing where it should be helps elsewhere: its other topics follow
 * in order.
 *
 * <p>Shares are of time, not of jobs: a lane is given to a topic for a turn, or for the length of
 * one job where that is more.
 *
 * @param topics highest priority first
 */
record LaneSchedule(List<String> topics, int lanes, Duration turn) {
  /** One lane in so many, or one turn of a lone lane, is for the lower topics. */
  private static final int SHARE = 4;

  LaneSchedule {
    topics = List.copyOf(topics);
  }

  /**
   * @param nanos of a clock that runs evenly
   * @return all topics, first wish first
   */
  List<String> order(int lane, long nanos) {
    long turns = Math.floorDiv(nanos, turn.toNanos());
    if (topics.size() == 1 || startsWithHighest(lane, turns)) {
      return topics;
    }
    int lower = topics.size() - 1;
    long step = lanes == 1 ? Math.floorDiv(turns, SHARE) : turns + lane;
    List<String> order = new ArrayList<>();
    for (int i = 0; i < lower; i++) {
      order.add(topics.get(1 + (int) Math.floorMod(step + i, (long) lower)));
    }
    order.add(topics.get(0));
    return order;
  }

  /** Where a lane waits when nothing is to be done. */
  String homeTopic(int lane) {
    return order(lane, 0).get(0);
  }

  private boolean startsWithHighest(int lane, long turns) {
    return lanes == 1
        ? Math.floorMod(turns, SHARE) != SHARE - 1
        : lane < lanes - Math.max(lanes / SHARE, 1);
  }
}
