package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.RefusedKeyException;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Models in the object store, under {@code models/<name>/<version>/}, downloaded to this machine on
 * demand. A published version never changes; {@code models/<name>/latest.json} names the newest.
 *
 * <p>Safe for use by many threads and processes.
 */
public final class StoredModels {
  /** {@code config.json} last: a version that has one is complete. */
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
  private static final int RACES_MAX = 20;

  private static final String LATEST = "latest";

  private final ObjectStore store;
  private final ModelCache cache;

  /**
   * @param cache folder of downloaded models; may be deleted while nothing runs
   * @param cacheBytesMax of all models in the cache together
   */
  public StoredModels(ObjectStore store, Path cache, long cacheBytesMax) {
    this.store = store;
    this.cache = new ModelCache(store, cache, cacheBytesMax, InstantSource.system());
  }

  /**
   * @param version or {@code latest}
   * @throws InvalidInputException if there is no such model
   */
  public ModelFiles open(ModelReference.Stored model) {
    try {
      String version = model.version().equals(LATEST) ? latest(model.name()) : model.version();
      return cache.open(model.name(), version);
    } catch (RefusedKeyException e) {
      throw new InvalidInputException(
          "model", "model %s@%s: %s".formatted(model.name(), model.version(), e.answer()), e);
    }
  }

  private String latest(String name) {
    return store
        .get(Keys.latestModel(name))
        .map(object -> JsonObject.parse(object.bytes()).requiredString("version"))
        .map(version -> new ModelReference.Stored(name, version).version())
        .orElseThrow(() -> new InvalidInputException("model", "there is no model " + name));
  }

  /** Configuration and card of a version. */
  public record Described(NetworkConfig config, ModelCard card) {}

  /**
   * Reads configuration and card of a version, not its weights.
   *
   * @throws InvalidInputException if there is no such version, or it is unreadable
   */
  public Described describe(String name, String version) {
    NetworkConfig stored =
        store
            .get(Keys.modelFile(name, version, CONFIG))
            .map(object -> NetworkConfig.parse(JsonObject.parse(object.bytes())))
            .orElseThrow(() -> ModelCache.missing(name, version));
    Optional<StoredObject> card = store.get(Keys.modelFile(name, version, ModelCard.FILE));
    if (card.isEmpty()) {
      return new Described(stored, ModelCard.defaultFor(name, stored));
    }
    ModelCard read = ModelCard.parse(JsonObject.parse(card.get().bytes()));
    return new Described(read.network(stored), read);
  }

  /**
   * Reads configuration and card of a version; its weights cannot be read.
   *
   * @param model its version may be {@code latest}
   * @throws InvalidInputException if there is no such model, or it is unreadable
   */
  public ModelFiles describe(ModelReference.Stored model) {
    String version = model.version().equals(LATEST) ? latest(model.name()) : model.version();
    Described described = describe(model.name(), version);
    return new ModelFiles(model.name(), version, described.config(), described.card(), Path.of(""));
  }

  /**
   * Publishes a job's model, which the same job may have published before, wholly or in part.
   * Existing objects are left as they are, and the version exists only once it is complete. Does
   * not make it the newest.
   *
   * @param job that trained the model: a version named by the card belongs to one job alone
   * @param files as opened from the folder
   * @throws InvalidInputException if the version belongs to another job
   */
  public void publishForJob(String job, ModelFiles files, Path folder) {
    String name = files.name();
    String version = files.version();
    boolean complete = store.stat(Keys.modelFile(name, version, CONFIG)).isPresent();
    if (files.card().version().isPresent()) {
      claim(job, name, version, complete);
    }
    if (complete) {
      return; // of this job, or with the same weights
    }
    upload(name, version, folder);
  }

  private void claim(String job, String name, String version, boolean complete) {
    String key = Keys.modelFile(name, version, OWNER);
    byte[] owner = JsonText.write(Map.of("job", job));
    if (complete && store.stat(key).isEmpty()) {
      throw versionTaken(name, version);
    }
    byte[] first = FirstWrite.createOrRead(store, key, owner, ContentType.JSON);
    if (!JsonObject.parse(first).string("job", "").equals(job)) {
      throw versionTaken(name, version);
    }
  }

  private static InvalidInputException versionTaken(String name, String version) {
    return new InvalidInputException(
        "card.version",
        "card.version: model %s@%s is in the store already; choose another version, or leave it out"
                .formatted(name, version)
            + " for the weights' checksum");
  }

  /** Makes a published version the newest, which is the last step of publishing a model. */
  public void makeLatest(String name, String version) {
    String key = Keys.latestModel(name);
    byte[] bytes = JsonText.write(Map.of("version", version));
    for (int race = 0; race < RACES_MAX; race++) {
      Optional<StoredObject> before = store.get(key);
      boolean written =
          before.isPresent()
              ? store.replace(key, bytes, ContentType.JSON, before.get().etag()).isPresent()
              : store.create(key, bytes, ContentType.JSON).isPresent();
      if (written) {
        return;
      }
    }
    throw new StorageException(key + " is being written by too many processes at once");
  }

  /**
   * Removes a version, {@code config.json} first: without it the version no longer exists.
   *
   * @throws InvalidInputException if it is the newest, to which {@code latest} refers
   */
  public void delete(ModelReference.Stored model) {
    String name = model.name();
    if (store.get(Keys.latestModel(name)).isPresent() && latest(name).equals(model.version())) {
      throw InvalidInputException.of(
          "model", "%s@%s is the newest and cannot be removed", name, model.version());
    }
    if (store.list(Keys.modelVersion(name, model.version())).isEmpty()) {
      throw new InvalidInputException(
          "model", "there is no model " + name + "@" + model.version() + " in the store");
    }
    store.delete(Keys.modelFile(name, model.version(), CONFIG));
    store.list(Keys.modelVersion(name, model.version())).forEach(store::delete);
  }

  /**
   * Publishes a model folder and makes it the newest version.
   *
   * @throws InvalidInputException if that version exists already
   */
  public void publish(ModelFiles files, Path folder) {
    String name = files.name();
    String version = files.version();
    if (store.stat(Keys.modelFile(name, version, CONFIG)).isPresent()) {
      throw new InvalidInputException(
          "version", "model " + name + "@" + version + " is in the store already");
    }
    upload(name, version, folder);
    makeLatest(name, version);
  }

  /**
   * A version in the store.
   *
   * @param bytes of its weights
   * @param published when it became complete
   * @param newest whether {@code latest} is this one
   */
  public record Version(
      String name, String version, long bytes, Instant published, boolean newest) {}

  /** All versions of all models, the newest of each model last. */
  public List<Version> versions() {
    List<Version> versions = new ArrayList<>();
    for (String key : store.list(Keys.MODELS)) {
      List<String> parts = List.of(key.substring(Keys.MODELS.length()).split("/", -1));
      if (parts.size() != 3 || !parts.get(2).equals(CONFIG)) {
        continue;
      }
      Optional<ObjectStat> complete = store.stat(key);
      if (complete.isPresent()) { // else just removed
        versions.add(version(parts.get(0), parts.get(1), complete.get()));
      }
    }
    versions.sort(
        Comparator.comparing(Version::name)
            .thenComparing(Version::newest)
            .thenComparing(Version::published)
            .thenComparing(Version::version));
    return versions;
  }

  private Version version(String name, String version, ObjectStat complete) {
    long bytes =
        store
            .stat(Keys.modelFile(name, version, WeightsFile.SAFETENSORS))
            .map(ObjectStat::size)
            .orElse(0L);
    boolean newest =
        store
            .get(Keys.latestModel(name))
            .map(object -> JsonObject.parse(object.bytes()).string("version", ""))
            .filter(version::equals)
            .isPresent();
    return new Version(name, version, bytes, complete.modified(), newest);
  }

  /**
   * Removes all but the newest versions of a model.
   *
   * @param keep number of versions to keep, at least 1; {@code latest} is always kept
   * @return the removed versions
   */
  public List<Version> prune(String name, int keep) {
    List<Version> all = versions().stream().filter(v -> v.name().equals(name)).toList();
    if (all.isEmpty()) {
      throw new InvalidInputException("model", "there is no model " + name + " in the store");
    }
    List<Version> removed =
        all.subList(0, Math.max(0, all.size() - keep)).stream().filter(v -> !v.newest()).toList();
    removed.forEach(v -> delete(new ModelReference.Stored(v.name(), v.version())));
    return removed;
  }

  /** Uploads {@code config.json} last, never over another: a version that has one is complete. */
  private void upload(String name, String version, Path folder) {
    for (String file : ALL_FILES) {
      Path path = folder.resolve(file);
      if (Files.exists(path) && !file.equals(CONFIG)) {
        store.upload(Keys.modelFile(name, version, file), path, ContentType.BINARY);
      }
    }
    try {
      FirstWrite.createOrRead(
          store,
          Keys.modelFile(name, version, CONFIG),
          Files.readAllBytes(folder.resolve(CONFIG)),
          ContentType.JSON);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
