package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names that a weight can go by. Since version 0.17 diffusers writes {@code to_q, to_k, to_v,
 * to_out.0} in its attention modules where it wrote {@code query, key, value, proj_attn} before;
 * the numbers are the same. Weights saved from a data-parallel wrapper carry {@code module.} in
 * front of every name.
 */
public final class WeightNames {
  private static final String WRAPPER = "module.";

  private static final Pattern OLD_ATTENTION =
      Pattern.compile(
          "((?:.*\\.)?attentions\\.\\d+\\.)(query|key|value|proj_attn)\\.(weight|bias)");

  private static final Map<String, String> NEW_PARTS =
      Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

  private WeightNames() {}

  /** The name that today's diffusers has for a weight. */
  public static String current(String name) {
    Matcher old = OLD_ATTENTION.matcher(name);
    return old.matches() ? old.group(1) + NEW_PARTS.get(old.group(2)) + "." + old.group(3) : name;
  }

  /**
   * The same tensors in the same order under today's names.
   *
   * @throws InvalidInputException if two tensors end up under one name
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
                "tensor "
                    + JsonObject.quote(current)
                    + " stands there twice, under its old and its new name");
          }
        });
    return renamed;
  }
}
