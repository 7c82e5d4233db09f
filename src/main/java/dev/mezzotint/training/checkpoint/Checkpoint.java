package dev.mezzotint.training.checkpoint;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.Weights;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.OptimizerState.Part;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.training.recipe.Recipe;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * A checkpoint: one safetensors file with weights, moving average and Adam's moments under the
 * prefixes {@code weights.}, {@code ema.}, {@code m.} and {@code v.}, and the step's number in the
 * metadata. The order of images, noise and α follow from that number and the recipe's seed.
 */
public final class Checkpoint {
  private static final String ITERATION = "iteration";
  private static final String RECIPE = "recipe";

  private Checkpoint() {}

  /**
   * Writes the file atomically: a half-written checkpoint never replaces the old one. Holds one
   * tensor at a time.
   *
   * @param shapes of the network's weights by name
   */
  public static void write(
      Path file, TrainingNetwork network, Map<String, long[]> shapes, Recipe recipe) {
    Map<String, long[]> all = new LinkedHashMap<>();
    Map<String, Supplier<Tensor>> reads = new HashMap<>();
    for (Part part : Part.values()) {
      shapes.forEach(
          (name, shape) -> {
            all.put(prefix(part) + name, shape);
            reads.put(prefix(part) + name, () -> network.read(part, name));
          });
    }
    SafeTensors.writeEach(
        file,
        all,
        name -> Objects.requireNonNull(reads.get(name)).get(),
        Map.of(ITERATION, Long.toString(network.iteration()), RECIPE, fingerprint(recipe)));
  }

  private static String prefix(Part part) {
    return switch (part) {
      case WEIGHTS -> "weights.";
      case EMA -> "ema.";
      case FIRST_MOMENTS -> "m.";
      case SECOND_MOMENTS -> "v.";
    };
  }

  /**
   * @param shapes of the network's weights by name
   * @throws InvalidInputException if the file is damaged or of another recipe, with which it could
   *     not be what an uninterrupted run computes
   */
  public static OptimizerState read(Path file, Recipe recipe, Map<String, long[]> shapes) {
    Map<String, String> metadata = SafeTensors.metadata(file);
    if (!isOf(file, recipe)) {
      throw new InvalidInputException(
          "--resume",
          file.getFileName() + " was written with another recipe and cannot be resumed");
    }
    long iteration = iteration(file, metadata);
    if (iteration > recipe.iterations()) {
      throw InvalidInputException.of(
          "iterations", "is %s, but the checkpoint is at step %s", recipe.iterations(), iteration);
    }
    Map<String, Tensor> all = SafeTensors.read(file);
    return new OptimizerState(
        part(all, Part.WEIGHTS, shapes),
        part(all, Part.EMA, shapes),
        part(all, Part.FIRST_MOMENTS, shapes),
        part(all, Part.SECOND_MOMENTS, shapes),
        iteration);
  }

  /** Whether a checkpoint was written with this recipe, as far as it determines the results. */
  public static boolean isOf(Path file, Recipe recipe) {
    return fingerprint(recipe).equals(SafeTensors.metadata(file).get(RECIPE));
  }

  private static long iteration(Path file, Map<String, String> metadata) {
    String text = metadata.getOrDefault(ITERATION, "");
    if (!text.matches("[0-9]{1,18}")) {
      throw new InvalidInputException("--resume", file.getFileName() + " has no step number");
    }
    return Long.parseLong(text);
  }

  private static Map<String, Tensor> part(
      Map<String, Tensor> all, Part of, Map<String, long[]> shapes) {
    String prefix = prefix(of);
    Map<String, Tensor> part = new LinkedHashMap<>();
    all.forEach(
        (name, tensor) -> {
          if (name.startsWith(prefix)) {
            part.put(name.substring(prefix.length()), tensor);
          }
        });
    Weights.check(part, shapes);
    return part;
  }

  /**
   * Hash of the recipe's fields that determine the results. Length and intervals may change between
   * runs.
   */
  private static String fingerprint(Recipe recipe) {
    return Sha256.sha256(JsonText.write(relevant(recipe.toMap())));
  }

  /**
   * The keys of a recipe that determine the results and differ from another recipe, such as {@code
   * optimizer.learningRate}.
   *
   * @param written the other recipe as a map
   */
  public static List<String> differences(Recipe recipe, Map<String, Object> written) {
    Map<String, Object> before = new TreeMap<>();
    flatten("", plain(relevant(written)), before);
    Map<String, Object> now = new TreeMap<>();
    flatten("", plain(relevant(recipe.toMap())), now);
    Set<String> keys = new TreeSet<>(before.keySet());
    keys.addAll(now.keySet());
    keys.removeIf(key -> Objects.equals(before.get(key), now.get(key)));
    return List.copyOf(keys);
  }

  /** With numbers as the JSON reader represents them. */
  private static Map<String, Object> plain(Map<String, Object> map) {
    return JsonObject.parse(JsonText.write(map)).toMap();
  }

  private static void flatten(String prefix, Map<?, ?> map, Map<String, Object> into) {
    map.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> inner) {
            flatten(prefix + key + ".", inner, into);
          } else {
            into.put(prefix + key, String.valueOf(value));
          }
        });
  }

  private static Map<String, Object> relevant(Map<String, Object> recipe) {
    Map<String, Object> fields = new LinkedHashMap<>(recipe);
    for (String irrelevant : new String[] {"checkpointEvery", "sampleEvery", "card", "model"}) {
      fields.remove(irrelevant);
    }
    // Fields of later versions are left out at their defaults, so that old checkpoints match.
    fields.remove("prediction", "direction");
    fields.remove("p0", "gaussian");
    boolean cosine =
        fields.get("optimizer") instanceof Map<?, ?> optimizer
            && "cosine".equals(optimizer.get("schedule"));
    if (!cosine) {
      fields.remove("iterations"); // a constant rate does not depend on it
    }
    return fields;
  }
}
