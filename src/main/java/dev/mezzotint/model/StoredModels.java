package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
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

  /** Of a training's model: also what people want to see. */
  private static final List<String> ALL_FILES =
      List.of(
          "diffusion_pytorch_model.safetensors",
          "samples.png",
          "loss.png",
          "recipe.json",
          ModelCard.FILE,
          "config.json");

  private static final String CONFIG = "config.json";
  private static final String OWNER = "owner.json";
  private static final String BINARY = "application/octet-stream";
  private static final int RACES_MAX = 20;

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
   * Puts a job's model folder into the store, where the same job may have put it before, wholly or
   * in part. What stands is not touched, and the version is not there before all of it is. Does not
   * make it the newest.
   *
   * @param files as found in the folder
   * @param job whose model it is: a version that the card names is its job's alone
   * @throws InvalidInputException if that version is another's
   */
  public void publishFor(String job, ModelFiles files, Path folder) {
    String name = files.name();
    String version = files.version();
    boolean complete = store.stat(Keys.modelFile(name, version, CONFIG)).isPresent();
    if (files.card().version().isPresent()) {
      claim(job, name, version, complete);
    }
    if (complete) {
      return; // this job's, or one of the very same weights
    }
    for (String file : ALL_FILES) {
      Path path = folder.resolve(file);
      if (Files.exists(path) && !file.equals(CONFIG)) {
        store.upload(Keys.modelFile(name, version, file), path, BINARY);
      }
    }
    try {
      FirstWrite.standing(
          store,
          Keys.modelFile(name, version, CONFIG),
          Files.readAllBytes(folder.resolve(CONFIG)),
          "application/json");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void claim(String job, String name, String version, boolean complete) {
    String key = Keys.modelFile(name, version, OWNER);
    byte[] mine = JsonText.write(Map.of("job", job));
    if (complete && store.stat(key).isEmpty()) {
      throw taken(name, version);
    }
    byte[] standing = FirstWrite.standing(store, key, mine, "application/json");
    if (!JsonObject.parse(standing).string("job", "").equals(job)) {
      throw taken(name, version);
    }
  }

  private static InvalidInputException taken(String name, String version) {
    return new InvalidInputException(
        "card.version",
        "card.version: model "
            + name
            + "@"
            + version
            + " is in the store already; choose another version, or leave it out for the weights'"
            + " checksum");
  }

  /** Makes a version that stands the newest; last of all that is written of a model. */
  public void makeLatest(String name, String version) {
    String key = Keys.latestModel(name);
    byte[] bytes = JsonText.write(Map.of("version", version));
    for (int race = 0; race < RACES_MAX; race++) {
      Optional<StoredObject> before = store.get(key);
      boolean written =
          before.isPresent()
              ? store.replace(key, bytes, "application/json", before.get().etag()).isPresent()
              : store.create(key, bytes, "application/json").isPresent();
      if (written) {
        return;
      }
    }
    throw new StorageException(key + " is being written by too many at once");
  }

  /**
   * Removes a version: first what makes it complete, so that nobody finds half of it.
   *
   * @throws InvalidInputException if it is the newest: what then were {@code latest}?
   */
  public void delete(ModelReference.Stored model) {
    String name = model.name();
    if (store.get(Keys.latestModel(name)).isPresent() && latest(name).equals(model.version())) {
      throw new InvalidInputException(
          "model", "model " + name + "@" + model.version() + " is the newest: it stays");
    }
    store.delete(Keys.modelFile(name, model.version(), CONFIG));
    store.list(Keys.modelVersion(name, model.version())).forEach(store::delete);
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
