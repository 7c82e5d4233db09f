package dev.mezzotint.autoscaling;

import dev.mezzotint.json.InvalidInputException;
import java.util.Map;

/**
 * The share of a demand per worker, in seconds of work or in jobs. The number of workers is {@code
 * ⌈value / target⌉}, which is what Kubernetes computes for a metric with an average value.
 */
public sealed interface ScalingTarget {
  /** Seconds of work; for many short jobs. */
  record Seconds(double perWorker) implements ScalingTarget {}

  /** Jobs of any length; for jobs that occupy a whole worker. */
  record Jobs(double perWorker) implements ScalingTarget {}

  double perWorker();

  /** The demand in the unit of this target. */
  default double value(Demand demand) {
    return this instanceof Seconds ? demand.deviceSeconds() : demand.runnable();
  }

  default int workers(Demand demand, int workersMax) {
    return (int) Math.min(workersMax, Math.ceil(value(demand) / perWorker()));
  }

  /**
   * Reads the target from the {@code metadata} of a trigger; other keys are ignored.
   *
   * @throws InvalidInputException unless exactly one of {@code targetSeconds} and {@code
   *     targetJobs} is set, to a positive number
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
      // refused below, like a number out of range
    }
    throw InvalidInputException.of(field, "must be a number above 0 and up to 1e9, not %s", text);
  }
}
