package dev.mezzotint.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides which topic each lane serves first, so that the highest priority has most lanes and every
 * priority has some.
 *
 * <p>Three quarters of the lanes, rounded up, serve the highest topic first. The others rotate over
 * the lower topics, each one step ahead of its neighbour. A single lane gives every fourth turn to
 * the lower topics. A lane whose first topic is empty serves its other topics in order.
 *
 * <p>Shares are of time, not of jobs: a lane stays with a topic for one turn, or for one job if
 * that takes longer.
 *
 * @param topics highest priority first
 * @param turn length of a turn
 */
record LaneSchedule(List<String> topics, int lanes, Duration turn) {
  /** One lane of this many, or one turn of a single lane, is for the lower topics. */
  private static final int SHARE = 4;

  LaneSchedule {
    topics = List.copyOf(topics);
  }

  /**
   * @param nanos of a monotonic clock
   * @return all topics in the order of preference
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

  /** The topic that a lane polls while all are empty. */
  String homeTopic(int lane) {
    return order(lane, 0).get(0);
  }

  private boolean startsWithHighest(int lane, long turns) {
    return lanes == 1
        ? Math.floorMod(turns, SHARE) != SHARE - 1
        : lane < lanes - Math.max(lanes / SHARE, 1);
  }
}
