package dev.mezzotint.board;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A training's loss over its iterations, from its events. Drops every second point when full, so
 * that it covers the whole run. Not safe for use by several threads.
 */
final class LossHistory {
  static final int POINTS_MAX = 240;

  private final List<double[]> points = new ArrayList<>();
  private int stride = 1;
  private int skipped;

  /** Adds a point from the members of an event, if they have an iteration and a smoothed loss. */
  void add(Map<String, Object> data) {
    if (!(data.get("iteration") instanceof Number iteration)
        || !(data.get("smoothedLoss") instanceof Number loss)) {
      return;
    }
    if (!points.isEmpty() && iteration.doubleValue() <= points.get(points.size() - 1)[0]) {
      // A later attempt resumed from a checkpoint: its values replace the earlier ones.
      points.removeIf(point -> point[0] >= iteration.doubleValue());
    }
    if (++skipped < stride) {
      return;
    }
    skipped = 0;
    points.add(new double[] {iteration.doubleValue(), loss.doubleValue()});
    if (points.size() > POINTS_MAX) {
      List<double[]> half = new ArrayList<>();
      for (int i = 0; i < points.size(); i += 2) {
        half.add(points.get(i));
      }
      points.clear();
      points.addAll(half);
      stride *= 2;
    }
  }

  /** Iteration and smoothed loss, in the order of the iterations. */
  List<double[]> points() {
    return List.copyOf(points);
  }
}
