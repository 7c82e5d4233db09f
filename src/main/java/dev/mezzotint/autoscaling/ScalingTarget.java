package dev.mezzotint.autoscaling;

import dev.mezzotint.json.InvalidInputException;
import java.util.Map;

/**
 * How much of a demand one worker is to have: so many seconds of work, or so many jobs. The formula
 * of the autoscaler stands here: {@code workers = ⌈value / share⌉}, which is what Kubernetes makes
 * of a metric with an average value.
 */
public sealed interface ScalingTarget {
  /** Seconds of work; right where jobs are many and short. */
  record Seconds(double perWorker) implements ScalingTarget {}

  /** Jobs, whatever their length; right where one job fills a worker. */
  record Jobs(double perWorker) implements ScalingTarget {}

  double perWorker();

  /** What is to be shared, in the share's own unit. */
  default double value(Demand demand) {
    return this instanceof Seconds ? demand.deviceSeconds() : demand.runnable();
  }

  /**
   * @param most no more than so many
   */
  default int workers(Demand demand, int most) {
    return (int) Math.min(most, Math.ceil(value(demand) / perWorker()));
  }

  /**
   * From the {@code metadata} of a trigger, which has other keys too.
   *
   * @throws InvalidInputException unless exactly one of {@code targetSeconds} and {@code
   *     targetJobs} is there and is a positive number
   */
  static ScalingTarget of(Map<String, String> metadata) {
    String seconds = metadata.get("targetSeconds");
    String jobs = metadata.get("targetJobs");
    if ((seconds == null) == (jobs == null)) {
      throw new InvalidInputException(
          "targetSeconds", "exactly one of targetSeconds and targetJobs must be set");
    }
    return seconds != null
        ? new Seconds(positive("targetSeconds", seconds))
        : new Jobs(positive("targetJobs", java.util.Objects.requireNonNull(jobs)));
  }

  private static double positive(String field, String text) {
    try {
      double value = Double.parseDouble(text);
      if (value > 0 && value <= 1e9) {
        return value;
      }
    } catch (NumberFormatException e) {
      // refused below, as a number out of range is
    }
    throw new InvalidInputException(
        field, field + " must be a number above 0 and up to 1e9, not " + text);
  }
}
