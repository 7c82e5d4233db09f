package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Checks whether weights fit a network. */
public final class Weights {
  private Weights() {}

  /**
   * Requires exactly one floating-point tensor of the right shape for each expected name.
   *
   * @param expected shape by name, in the network's order
   * @throws InvalidInputException naming the first invalid tensor and counting the others
   */
  public static void check(Map<String, Tensor> weights, Map<String, long[]> expected) {
    int missing = 0;
    int misfit = 0;
    int unexpected = 0;
    Map<String, String> reasons = new LinkedHashMap<>();
    for (Map.Entry<String, long[]> entry : expected.entrySet()) {
      String name = entry.getKey();
      long[] shape = entry.getValue();
      Tensor tensor = weights.get(name);
      if (tensor == null) {
        missing++;
        reasons.put(name, "is missing: the network needs it with shape " + text(shape));
      } else if (!Arrays.equals(tensor.shape(), shape)) {
        misfit++;
        reasons.put(name, "must have shape " + text(shape) + ", not " + text(tensor.shape()));
      } else if (!tensor.dtype().isFloatingPoint()) {
        misfit++;
        reasons.put(name, "must hold floating-point numbers, not " + tensor.dtype());
      }
    }
    for (String name : weights.keySet()) {
      if (!expected.containsKey(name)) {
        unexpected++;
        reasons.put(name, "is unexpected: the network described by config.json has no such weight");
      }
    }
    if (reasons.isEmpty()) {
      return;
    }
    String first = reasons.keySet().iterator().next();
    StringBuilder message = new StringBuilder("tensor " + JsonObject.quote(first) + " ");
    message.append(reasons.get(first));
    if (reasons.size() > 1) {
      message.append(
          String.format(
              Locale.ROOT,
              " (in all %d missing, %d of wrong shape or type, %d unexpected)",
              missing,
              misfit,
              unexpected));
    }
    throw new InvalidInputException(first, message.toString());
  }

  private static String text(long[] shape) {
    return Arrays.toString(shape);
  }
}
