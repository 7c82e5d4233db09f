package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Models in the object store, under {@code models/<name>/<version>/}, brought to a folder on this
 * machine when they are asked for. A version never changes once it stands, so what was brought once
 * stays good; {@code models/<name>/latest.json} says which one is the newest.
 *
 * <p>Safe for use by many threads and processes.
 */
public final class StoredModels {
  /** Config last: a folder that has one is complete. */
  private static final List<String> FILES =
      List.of("diffusion_pytorch_model.safetensors", ModelCard.FILE, "config.json");

  private static final String LATEST = "latest";

  private final ObjectStore store;
  private final Path cache;

  /**
   * @param cache folder of the models brought so far; may be deleted at any time
   */
  public StoredModels(ObjectStore store, Path cache) {
    this.store = store;
    this.cache = cache;
  }

  /**
   * @param version or {@code latest}
   * @throws InvalidInputException if there is no such model
   */
  public ModelFiles open(ModelReference.Stored model) {
    String version = model.version().equals(LATEST) ? latest(model.name()) : model.version();
    Path folder = cache.resolve(model.name()).resolve(version);
    if (!Files.exists(folder.resolve("config.json"))) {
      bring(model.name(), version, folder);
    }
    ModelFiles files = ModelFolder.openPath(folder);
    return new ModelFiles(model.name(), version, files.config(), files.card(), files.weights());
  }

  private String latest(String name) {
    return store
        .get(Keys.latestModel(name))
        .map(object -> JsonObject.parse(object.bytes()).requiredString("version"))
        .map(version -> new ModelReference.Stored(name, version).version())
        .orElseThrow(() -> new InvalidInputException("model", "there is no model " + name));
  }

  private void bring(String name, String version, Path folder) {
    try {
      Files.createDirectories(folder);
      for (String file : FILES) {
        Optional<InputStream> content = store.open(Keys.modelFile(name, version, file));
        if (content.isEmpty() && file.equals(ModelCard.FILE)) {
          continue; // what diffusers wrote has none
        }
        try (InputStream in =
            content.orElseThrow(
                () ->
                    new InvalidInputException(
                        "model", "there is no model " + name + "@" + version))) {
          Path part = Files.createTempFile(folder, file, ".part");
          Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
          Files.move(part, folder.resolve(file), StandardCopyOption.ATOMIC_MOVE);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("model " + name + "@" + version + " cannot be kept", e);
    }
  }

  /**
   * Puts a model folder into the store and makes it the newest.
   *
   * @throws InvalidInputException if that version stands already
   */
  public void publish(ModelFiles files, Path folder) {
    String name = files.name();
    String version = files.version();
    if (store.stat(Keys.modelFile(name, version, "config.json")).isPresent()) {
      throw new InvalidInputException(
          "version", "model " + name + "@" + version + " is in the store already");
    }
    for (String file : FILES) {
      if (Files.exists(folder.resolve(file))) {
        store.upload(
            Keys.modelFile(name, version, file), folder.resolve(file), "application/octet-stream");
      }
    }
    store.put(
        Keys.latestModel(name), JsonText.write(Map.of("version", version)), "application/json");
  }
}
