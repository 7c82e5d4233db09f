package dev.mezzotint.model;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.json.Suggestions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Reads and writes models on disk: a folder with {@code config.json}, {@code
 * diffusion_pytorch_model.safetensors} and the card {@code model.json}; without a card, what
 * diffusers writes, alone or in the {@code unet} folder of a pipeline, whose scheduler then
 * determines what the network predicts. Stateless.
 */
public final class ModelFolder {
  private static final String CONFIG = "config.json";
  private static final int NAME_LENGTH_MAX = 128;

  private ModelFolder() {}

  /**
   * Opens a bundled model or one at a path.
   *
   * @param bundledModels folder of the models that come with the software
   * @throws InvalidInputException if there is none or its files are wrong; also for a {@link
   *     ModelReference.Stored}, which is not on disk
   */
  public static ModelFiles open(ModelReference reference, Path bundledModels) {
    if (reference instanceof ModelReference.Bundled bundled) {
      return openBundled(bundled.name(), bundledModels);
    }
    if (reference instanceof ModelReference.Folder folder) {
      return openPath(folder.path());
    }
    throw InvalidInputException.of(
        "model", "%s is in the object store, not on this disk", reference);
  }

  /**
   * As {@link #open(ModelReference, Path)}, for a reference given on this machine: a plain name
   * that no bundled model has may also be a folder, and the version of a bundled model may be
   * named.
   */
  public static ModelFiles open(String reference, Path bundledModels) {
    ModelReference parsed = ModelReference.parse(reference);
    return openHere(reference, bundledModels).orElseGet(() -> open(parsed, bundledModels));
  }

  /** As {@link #open(String, Path)}; empty where only the object store can have the model. */
  public static Optional<ModelFiles> openHere(String reference, Path bundledModels) {
    ModelReference parsed = ModelReference.parse(reference);
    if (parsed instanceof ModelReference.Stored named) {
      if (!Files.isDirectory(bundledModels.resolve(named.name()))) {
        return Optional.empty();
      }
      ModelFiles files = openBundled(named.name(), bundledModels);
      boolean same = named.version().equals(files.version());
      return same || named.version().equals("latest") ? Optional.of(files) : Optional.empty();
    }
    if (parsed instanceof ModelReference.Bundled bundled
        && !Files.isDirectory(bundledModels.resolve(bundled.name()))) {
      Path folder = Path.of(bundled.name());
      return Files.exists(folder) ? Optional.of(openPath(folder)) : Optional.empty();
    }
    return Optional.of(open(parsed, bundledModels));
  }

  private static ModelFiles openBundled(String name, Path bundledModels) {
    Path folder = bundledModels.resolve(name);
    if (!Files.isDirectory(folder)) {
      throw noBundledModel(name, bundledModels);
    }
    refuseOutside(folder, bundledModels);
    ModelFiles files = openPath(folder);
    // A link inside the folder must not lead outside it either.
    refuseOutside(files.weights(), bundledModels);
    refuseOutside(folder.resolve(CONFIG), bundledModels);
    return files;
  }

  private static InvalidInputException noBundledModel(String name, Path bundledModels) {
    List<String> names = names(bundledModels);
    return new InvalidInputException(
        "model",
        "there is no bundled model "
            + name
            + Suggestions.question(name, names)
            + (names.isEmpty() ? "" : "; available: " + String.join(", ", names)));
  }

  /** Names of the models in a folder, sorted; empty if there is no such folder. */
  public static List<String> names(Path models) {
    if (!Files.isDirectory(models)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(models)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve(CONFIG)))
          .map(folder -> String.valueOf(folder.getFileName()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(models + " cannot be read", e);
    }
  }

  private static void refuseOutside(Path file, Path bundledModels) {
    try {
      if (file.toRealPath().startsWith(bundledModels.toRealPath())) {
        return;
      }
    } catch (IOException e) {
      throw new InvalidInputException(
          "model", "cannot read " + file + ": " + FileErrors.reason(e), e);
    }
    throw InvalidInputException.of("model", "%s is outside the folder of bundled models", file);
  }

  /**
   * A model folder, a plain diffusers folder, a pipeline folder, or a weights file next to its
   * {@code config.json}.
   *
   * @throws InvalidInputException naming what is missing or wrong
   */
  public static ModelFiles openPath(Path path) {
    Path folder = networkFolder(path);
    if (!Files.isRegularFile(path)) {
      return read(folder, WeightsFile.find(folder), path);
    }
    if (!WeightsFile.isWeightsFile(path.toString())) {
      throw InvalidInputException.of(
          "model", "%s must be a folder, a .safetensors or a .bin file", path);
    }
    return read(folder, path, folder);
  }

  /**
   * The file that determines what a model's network predicts: its card, or the scheduler of a
   * diffusers pipeline. Without one the network is taken for one of this method, see {@link
   * ModelCard#defaultFor(String, NetworkConfig)}.
   *
   * @param path as for {@link #openPath}
   */
  public static Optional<Path> predictionSource(Path path) {
    Path folder = networkFolder(path);
    Path card = folder.resolve(ModelCard.FILE);
    return Files.exists(card) ? Optional.of(card) : PipelineScheduler.find(folder);
  }

  /** The folder with {@code config.json}. */
  private static Path networkFolder(Path path) {
    if (Files.isRegularFile(path)) {
      Path folder = path.toAbsolutePath().normalize().getParent();
      return folder == null ? path : folder;
    }
    if (!Files.isDirectory(path)) {
      throw new InvalidInputException("model", "there is no model " + path);
    }
    Path unet = path.resolve("unet");
    for (Path folder : List.of(path, unet)) {
      if (Files.exists(folder.resolve(CONFIG))) {
        return folder;
      }
    }
    throw InvalidInputException.of(
        "model", "%s has neither config.json nor unet/config.json", path);
  }

  /**
   * A folder that this software wrote, whose name and version are known, so that nothing is
   * computed from its weights.
   */
  static ModelFiles openVersion(Path folder, String name, String version) {
    NetworkConfig stored = NetworkConfig.read(folder.resolve(CONFIG));
    ModelCard card = card(folder, name, stored);
    return new ModelFiles(
        name, version, stored.withPatch(card.patch()), card, WeightsFile.find(folder));
  }

  /**
   * @param named file or folder that a model without a card is named after
   */
  private static ModelFiles read(Path folder, Path weights, Path named) {
    if (!Files.isRegularFile(folder.resolve(CONFIG))) {
      throw new InvalidInputException(
          "model", "there is no config.json next to the weights file " + weights);
    }
    NetworkConfig stored = NetworkConfig.read(folder.resolve(CONFIG));
    ModelCard card = card(folder, name(named), stored);
    // A card's version is that of the folder's own weights, not of another file next to them.
    boolean own = WeightsFile.isStandard(weights);
    String version =
        card.version().filter(word -> own).orElseGet(() -> WeightsFile.version(weights));
    return new ModelFiles(card.name(), version, stored.withPatch(card.patch()), card, weights);
  }

  /** The card, which fits the network that {@code config.json} describes. */
  private static ModelCard card(Path folder, String name, NetworkConfig stored) {
    Path file = folder.resolve(ModelCard.FILE);
    if (!Files.exists(file)) {
      ModelCard plain = ModelCard.defaultFor(name, stored);
      return PipelineScheduler.find(folder)
          .map(scheduler -> PipelineScheduler.card(scheduler, plain))
          .orElse(plain);
    }
    ModelCard card = ModelCard.read(file);
    try {
      card.network(stored);
      return card;
    } catch (InvalidInputException e) {
      throw new InvalidInputException(e.field(), file + ": " + e.getMessage(), e);
    }
  }

  /** The last part of a path, without characters that a name may not have. */
  private static String name(Path path) {
    String last = String.valueOf(path.toAbsolutePath().normalize().getFileName());
    String safe = last.replaceAll("[^A-Za-z0-9._-]", "-").replaceAll("^[^A-Za-z0-9]+", "");
    return safe.isEmpty() ? "model" : safe.substring(0, Math.min(NAME_LENGTH_MAX, safe.length()));
  }

  /**
   * Writes a folder that this software and diffusers read. Each file is written atomically, {@code
   * config.json} last: a folder that has one is complete.
   *
   * @param weights under their current names in diffusers
   */
  public static void write(
      Path folder, NetworkConfig config, Map<String, Tensor> weights, ModelCard card) {
    card.checkAgainst(config);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + FileErrors.reason(e), e);
    }
    SafeTensors.write(folder.resolve(WeightsFile.SAFETENSORS), weights, Map.of());
    writeCard(folder, card);
    writeFile(folder.resolve(CONFIG), JsonText.writePretty(config.toMap()));
  }

  public static void writeCard(Path folder, ModelCard card) {
    writeFile(folder.resolve(ModelCard.FILE), JsonText.writePretty(card.toMap()));
  }

  /** Writes a file atomically, in a folder that is created if necessary. */
  public static void writeFile(Path file, byte[] bytes) {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try {
        Files.write(part, bytes);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + FileErrors.reason(e), e);
    }
  }

  /**
   * Reads a model in any form, checks its weights and writes it as a model folder, with current
   * names of weights and a card. The card's version is that of the original.
   *
   * @param expected shapes of a network's weights by name
   * @throws InvalidInputException if the model is invalid or the target already contains one
   */
  public static ModelFiles importFolder(
      Path from, Path to, Function<NetworkConfig, Map<String, long[]>> expected) {
    if (Files.exists(to.resolve(CONFIG))) {
      throw new InvalidInputException(
          "to", to + " already contains a model: choose another directory");
    }
    ModelFiles files = openPath(from);
    Map<String, Tensor> weights = files.readWeights(expected.apply(files.config()));
    write(to, files.config(), weights, files.card().withVersion(files.version()));
    return openPath(to);
  }
}
