package dev.mezzotint.study;

import java.util.List;

/**
 * The flicker of a clip: the mean absolute difference between consecutive frames over the pixels
 * whose conditions agree, in grey levels of 255.
 *
 * @param levels mean over all such pixels and channels, 0 to 255; NaN if no pixels agree
 * @param agreeing share of the pixels whose conditions agree
 */
public record FlickerStatistics(double levels, double agreeing) {

  /**
   * @param frames C×H×W each, in [−1, 1], values outside are clamped as in an image file
   * @param conditions K×H×W each, one for each frame
   * @param plane H·W
   */
  public static FlickerStatistics of(List<float[]> frames, List<float[]> conditions, int plane) {
    if (frames.size() != conditions.size()) {
      throw new IllegalArgumentException(
          frames.size() + " frames and " + conditions.size() + " conditions");
    }
    double sum = 0;
    long agreeing = 0;
    for (int t = 1; t < frames.size(); t++) {
      for (int i = 0; i < plane; i++) {
        if (agree(conditions.get(t - 1), conditions.get(t), i, plane)) {
          agreeing++;
          sum += difference(frames.get(t - 1), frames.get(t), i, plane);
        }
      }
    }
    long all = (long) Math.max(0, frames.size() - 1) * plane;
    return new FlickerStatistics(sum / agreeing, all == 0 ? 0 : (double) agreeing / all);
  }

  private static boolean agree(float[] before, float[] after, int pixel, int plane) {
    for (int at = pixel; at < before.length; at += plane) {
      if (before[at] != after[at]) {
        return false;
      }
    }
    return true;
  }

  private static double difference(float[] before, float[] after, int pixel, int plane) {
    double sum = 0;
    for (int at = pixel; at < before.length; at += plane) {
      sum += Math.abs(level(after[at]) - level(before[at]));
    }
    return sum / (before.length / plane);
  }

  private static double level(float x) {
    return 255 * Math.min(1, Math.max(0, x / 2.0 + 0.5));
  }
}
