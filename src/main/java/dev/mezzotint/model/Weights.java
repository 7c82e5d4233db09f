package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Checks whether weights fit a network. */
public final class Weights {
  private static final int NAMES_SHOWN = 5;

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
    Map<String, String> reasons = new LinkedHashMap<>();
    for (Map.Entry<String, long[]> entry : expected.entrySet()) {
      String name = entry.getKey();
      long[] shape = entry.getValue();
      Tensor tensor = weights.get(name);
      if (tensor == null) {
        missing++;
        reasons.put(name, "is missing: the network needs it with shape " + Arrays.toString(shape));
      } else if (!Arrays.equals(tensor.shape(), shape)) {
        misfit++;
        reasons.put(
            name,
            "must have shape "
                + Arrays.toString(shape)
                + ", not "
                + Arrays.toString(tensor.shape()));
      } else if (!tensor.dtype().isFloatingPoint()) {
        misfit++;
        reasons.put(name, "must hold floating-point numbers, not " + tensor.dtype());
      }
    }
    List<String> unexpected =
        weights.keySet().stream().filter(name -> !expected.containsKey(name)).toList();
    unexpected.forEach(
        name ->
            reasons.put(
                name, "is unexpected: the network described by config.json has no such weight"));
    if (reasons.isEmpty()) {
      return;
    }
    String first = reasons.keySet().iterator().next();
    StringBuilder message = new StringBuilder("tensor " + JsonObject.quote(first) + " ");
    message.append(reasons.get(first));
    if (reasons.size() > 1) {
      message.append(
          " (in all %s missing, %s of wrong shape or type, %s unexpected%s)"
              .formatted(
                  missing,
                  misfit,
                  unexpected.size(),
                  unexpected.isEmpty() ? "" : ": " + brief(unexpected)));
    }
    throw new InvalidInputException(first, message.toString());
  }

  /** The first few names, quoted. */
  static String brief(Collection<String> names) {
    return names.stream()
            .limit(NAMES_SHOWN)
            .map(JsonObject::quote)
            .collect(Collectors.joining(", "))
        + (names.size() > NAMES_SHOWN ? ", …" : "");
  }
}
