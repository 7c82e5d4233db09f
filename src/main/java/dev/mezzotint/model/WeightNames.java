package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Converts names of weights to the current ones of diffusers. Since version 0.17 diffusers writes
 * {@code to_q, to_k, to_v, to_out.0} in its attention modules instead of {@code query, key, value,
 * proj_attn}, with the same values. Weights saved from a data-parallel wrapper have the prefix
 * {@code module.}.
 */
public final class WeightNames {
  private static final String WRAPPER = "module.";

  private static final Pattern OLD_ATTENTION =
      Pattern.compile(
          "((?:.*\\.)?attentions\\.\\d+\\.)(query|key|value|proj_attn)\\.(weight|bias)");

  private static final Map<String, String> NEW_PARTS =
      Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

  private WeightNames() {}

  /** The current name of a weight in diffusers. */
  public static String current(String name) {
    Matcher old = OLD_ATTENTION.matcher(name);
    return old.matches() ? old.group(1) + NEW_PARTS.get(old.group(2)) + "." + old.group(3) : name;
  }

  /**
   * The same tensors in the same order under their current names.
   *
   * @throws InvalidInputException if two tensors have the same current name
   */
  public static Map<String, Tensor> current(Map<String, Tensor> weights) {
    boolean wrapped =
        !weights.isEmpty() && weights.keySet().stream().allMatch(n -> n.startsWith(WRAPPER));
    Map<String, Tensor> renamed = new LinkedHashMap<>();
    weights.forEach(
        (name, tensor) -> {
          String current = current(wrapped ? name.substring(WRAPPER.length()) : name);
          if (renamed.put(current, tensor) != null) {
            throw new InvalidInputException(
                current,
                "tensor %s is present twice, under its old and its new name"
                    .formatted(JsonObject.quote(current)));
          }
        });
    return renamed;
  }
}
