package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Converts names of weights to the current ones of diffusers. Since version 0.17 diffusers writes
 * {@code to_q, to_k, to_v, to_out.0} in its attention modules instead of {@code query, key, value,
 * proj_attn}, with the same values. Modules around the network, of PyTorch or of a training script,
 * add parts to the names: {@code module.}, {@code _orig_mod.}, {@code model.}.
 */
public final class WeightNames {
  private static final String WRAPPER = "module.";

  /** Parts that PyTorch's wrappers add, around the network or around modules within it. */
  private static final Pattern WRAPPERS =
      Pattern.compile(
          "(?<=^|\\.)(module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\\.");

  /** The counter that PyTorch's averages of weights keep next to them. */
  private static final String COUNTER = "n_averaged";

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
    return renamed(weights, name -> wrapped ? name.substring(WRAPPER.length()) : name);
  }

  /**
   * The same tensors under the names of a network: without the parts that wrappers added, and
   * without a prefix that all names have in addition.
   *
   * @param expected names of the network's weights
   * @throws InvalidInputException if two tensors have the same name then
   */
  static Map<String, Tensor> unwrapped(Map<String, Tensor> weights, Set<String> expected) {
    Map<String, Tensor> plain =
        renamed(
            weights,
            name -> expected.contains(name) ? name : WRAPPERS.matcher(name).replaceAll(""));
    if (!expected.contains(COUNTER)) {
      plain.remove(COUNTER);
    }
    String first = expected.iterator().next();
    String prefix =
        plain.keySet().stream()
            .filter(name -> name.endsWith("." + first))
            .map(name -> name.substring(0, name.length() - first.length()))
            .filter(start -> plain.keySet().stream().allMatch(name -> name.startsWith(start)))
            .findFirst()
            .orElse("");
    return renamed(plain, name -> name.substring(prefix.length()));
  }

  private static Map<String, Tensor> renamed(
      Map<String, Tensor> weights, UnaryOperator<String> rename) {
    Map<String, Tensor> renamed = new LinkedHashMap<>();
    weights.forEach(
        (name, tensor) -> {
          String current = current(rename.apply(name));
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
