package dev.mezzotint.training.checkpoint;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.Weights;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.OptimizerState.Part;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.training.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Where training stands, as one safetensors file: weights, moving average and Adam's moments under
 * the prefixes {@code weights.}, {@code ema.}, {@code m.} and {@code v.}; the step's number in the
 * file's metadata. Order of pictures, noise and α follow from that number and the recipe's seed.
 */
public final class Checkpoint {
  private static final String ITERATION = "iteration";
  private static final String RECIPE = "recipe";

  private Checkpoint() {}

  /**
   * Writes beside the file first: a half-written checkpoint never takes the old one's place. Holds
   * one tensor at a time.
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
   * @throws InvalidInputException if the file is damaged, or of another recipe: its numbers would
   *     not be those of an undisturbed run
   */
  public static OptimizerState read(Path file, Recipe recipe, Map<String, long[]> shapes) {
    Map<String, String> metadata = SafeTensors.metadata(file);
    if (!fingerprint(recipe).equals(metadata.get(RECIPE))) {
      throw new InvalidInputException(
          "--resume", file.getFileName() + " was written by another recipe: it cannot be resumed");
    }
    long iteration = iteration(file, metadata);
    if (iteration > recipe.iterations()) {
      throw new InvalidInputException(
          "iterations",
          "iterations is "
              + recipe.iterations()
              + ", but the checkpoint stands at step "
              + iteration);
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
      throw new InvalidInputException(
          "--resume", file.getFileName() + " does not say at which step it stands");
    }
    return Long.parseLong(text);
  }

  public static boolean exists(Path file) {
    return Files.isRegularFile(file);
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

  /** What decides the numbers; how long and how often to look may change between runs. */
  private static String fingerprint(Recipe recipe) {
    Map<String, Object> deciding = new LinkedHashMap<>(recipe.toMap());
    for (String free : new String[] {"checkpointEvery", "sampleEvery", "card", "model"}) {
      deciding.remove(free);
    }
    // Keys that came later decide nothing where they say what held before them.
    deciding.remove("prediction", "direction");
    deciding.remove("p0", "gaussian");
    if (!recipe.optimizer().cosine()) {
      deciding.remove("iterations"); // a constant rate does not know where it will end
    }
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(JsonText.write(deciding));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
