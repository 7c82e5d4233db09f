package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.function.Function;

/**
 * Models on disk: a folder with {@code config.json}, {@code diffusion_pytorch_model.safetensors}
 * and the card {@code model.json}; without a card it is what diffusers itself writes, alone or in
 * the {@code unet} folder of a pipeline. Stateless.
 */
public final class ModelFolder {
  private static final String CONFIG = "config.json";
  private static final int NAME_LENGTH_MAX = 128;

  private ModelFolder() {}

  /**
   * Finds a bundled model or one at a path.
   *
   * @param bundledModels the folder of the models that come with the software
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
    throw new InvalidInputException(
        "model", "model " + reference + " is in the object store, not on this disk");
  }

  /**
   * As {@link #open(ModelReference, Path)} for the text that somebody wrote on this machine: a
   * plain word that no bundled model has may also be a folder here.
   */
  public static ModelFiles open(String reference, Path bundledModels) {
    ModelReference parsed = ModelReference.parse(reference);
    if (parsed instanceof ModelReference.Bundled bundled
        && !Files.isDirectory(bundledModels.resolve(bundled.name()))
        && Files.exists(Path.of(bundled.name()))) {
      return openPath(Path.of(bundled.name()));
    }
    return open(parsed, bundledModels);
  }

  private static ModelFiles openBundled(String name, Path bundledModels) {
    Path folder = bundledModels.resolve(name);
    if (!Files.isDirectory(folder)) {
      throw new InvalidInputException("model", "there is no bundled model " + name);
    }
    refuseOutside(folder, bundledModels);
    ModelFiles files = openPath(folder);
    // A link inside the folder must not lead out of it either.
    refuseOutside(files.weights(), bundledModels);
    refuseOutside(folder.resolve(CONFIG), bundledModels);
    return files;
  }

  private static void refuseOutside(Path file, Path bundledModels) {
    try {
      if (file.toRealPath().startsWith(bundledModels.toRealPath())) {
        return;
      }
    } catch (IOException e) {
      throw new InvalidInputException("model", "cannot read " + file + ": " + e.getMessage(), e);
    }
    throw new InvalidInputException(
        "model", "model " + file + " leads out of the folder of bundled models");
  }

  /**
   * A model folder, a plain diffusers folder, a pipeline folder, or a weights file beside its
   * {@code config.json}.
   *
   * @throws InvalidInputException naming what is missing or wrong
   */
  public static ModelFiles openPath(Path path) {
    if (Files.isRegularFile(path)) {
      if (!WeightsFile.isWeightsFile(path.toString())) {
        throw new InvalidInputException(
            "model", "model " + path + " must be a folder, a .safetensors or a .bin file");
      }
      Path folder = path.toAbsolutePath().normalize().getParent();
      return read(folder == null ? path : folder, path, folder == null ? path : folder);
    }
    if (!Files.isDirectory(path)) {
      throw new InvalidInputException("model", "there is no model " + path);
    }
    if (Files.exists(path.resolve(CONFIG))) {
      return read(path, WeightsFile.find(path), path);
    }
    Path unet = path.resolve("unet");
    if (Files.exists(unet.resolve(CONFIG))) {
      return read(unet, WeightsFile.find(unet), path);
    }
    throw new InvalidInputException(
        "model", "model " + path + " has neither config.json nor unet/config.json");
  }

  /**
   * A folder of this software's own making whose name and version are known: nothing needs to be
   * computed from its weights.
   */
  static ModelFiles openVersion(Path folder, String name, String version) {
    NetworkConfig config = NetworkConfig.read(folder.resolve(CONFIG));
    return new ModelFiles(
        name, version, config, card(folder, name, config), WeightsFile.find(folder));
  }

  /**
   * @param named what a model without a card is called after
   */
  private static ModelFiles read(Path folder, Path weights, Path named) {
    if (!Files.isRegularFile(folder.resolve(CONFIG))) {
      throw new InvalidInputException(
          "model", "there is no config.json beside the weights file " + weights);
    }
    NetworkConfig config = NetworkConfig.read(folder.resolve(CONFIG));
    ModelCard card = card(folder, name(named), config);
    // A card's version speaks of the folder's own weights, not of another file beside them.
    boolean own = WeightsFile.isStandard(weights);
    String version =
        card.version().filter(word -> own).orElseGet(() -> WeightsFile.version(weights));
    return new ModelFiles(card.name(), version, config, card, weights);
  }

  private static ModelCard card(Path folder, String name, NetworkConfig config) {
    Path file = folder.resolve(ModelCard.FILE);
    if (!Files.exists(file)) {
      return ModelCard.defaultFor(name, config);
    }
    ModelCard card = ModelCard.read(file);
    try {
      card.checkAgainst(config);
      return card;
    } catch (InvalidInputException e) {
      throw new InvalidInputException(e.field(), file + ": " + e.getMessage(), e);
    }
  }

  /** The last part of a path, with other signs than a name may have replaced. */
  private static String name(Path path) {
    String last = String.valueOf(path.toAbsolutePath().normalize().getFileName());
    String safe = last.replaceAll("[^A-Za-z0-9._-]", "-").replaceAll("^[^A-Za-z0-9]+", "");
    return safe.isEmpty() ? "model" : safe.substring(0, Math.min(NAME_LENGTH_MAX, safe.length()));
  }

  /**
   * Writes a folder that this software and diffusers read. Each file appears whole or not at all,
   * {@code config.json} last: a folder with one is complete.
   *
   * @param weights under today's names
   */
  public static void write(
      Path folder, NetworkConfig config, Map<String, Tensor> weights, ModelCard card) {
    card.checkAgainst(config);
    try {
      Files.createDirectories(folder);
      SafeTensors.write(folder.resolve(WeightsFile.SAFETENSORS), weights, Map.of());
      write(folder.resolve(ModelCard.FILE), JsonText.writePretty(card.toMap()));
      write(folder.resolve(CONFIG), JsonText.writePretty(config.toMap()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + e.getMessage(), e);
    }
  }

  /** Puts another card beside the weights that stand there. */
  public static void writeCard(Path folder, ModelCard card) {
    try {
      write(folder.resolve(ModelCard.FILE), JsonText.writePretty(card.toMap()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + e.getMessage(), e);
    }
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.write(part, bytes);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /**
   * Reads a model in any form, checks its weights and writes it as a model folder, with today's
   * names and a card. The card's version is the one under which the model was found.
   *
   * @param expected the shapes of a network's weights by name
   * @throws InvalidInputException if the model is wrong or the target already holds one
   */
  public static ModelFiles importFolder(
      Path from, Path to, Function<NetworkConfig, Map<String, long[]>> expected) {
    if (Files.exists(to.resolve(CONFIG))) {
      throw new InvalidInputException("to", "there already is a model in " + to);
    }
    ModelFiles files = openPath(from);
    Map<String, Tensor> weights = files.readWeights();
    Weights.check(weights, expected.apply(files.config()));
    write(to, files.config(), weights, files.card().withVersion(files.version()));
    return openPath(to);
  }
}
