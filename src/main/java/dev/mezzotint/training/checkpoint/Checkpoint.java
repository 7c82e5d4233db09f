package dev.mezzotint.training.checkpoint;

import dev.mezzotint.json.InvalidInputException;
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
import java.util.Map;
import java.util.Objects;
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
    if (!fingerprint(recipe).equals(metadata.get(RECIPE))) {
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
    Map<String, Object> fields = new LinkedHashMap<>(recipe.toMap());
    for (String irrelevant : new String[] {"checkpointEvery", "sampleEvery", "card", "model"}) {
      fields.remove(irrelevant);
    }
    // Fields of later versions are left out at their defaults, so that old checkpoints match.
    fields.remove("prediction", "direction");
    fields.remove("p0", "gaussian");
    if (!recipe.optimizer().cosine()) {
      fields.remove("iterations"); // a constant rate does not depend on it
    }
    return Sha256.sha256(JsonText.write(fields));
  }
}
