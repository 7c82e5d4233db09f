package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.DiskCache;
import dev.mezzotint.storage.Download;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Versions of models downloaded from the object store. A version never changes, so a download stays
 * valid. One that was opened is not evicted at once, because its weights are about to be read;
 * weights that are mapped stay readable after their file is deleted.
 *
 * <p>Safe for use by many threads and processes.
 */
final class ModelCache {
  /** From opening a model to having its weights mapped. */
  private static final Duration GRACE = Duration.ofMinutes(1);

  private static final String CONFIG = "config.json";

  private final ObjectStore store;
  private final DiskCache cache;

  /**
   * @param root holds a folder for each version
   * @param bytesMax of all of them together
   */
  ModelCache(ObjectStore store, Path root, long bytesMax, InstantSource clock) {
    this.store = store;
    this.cache = new DiskCache(root, bytesMax, GRACE, clock);
  }

  /**
   * @throws InvalidInputException if there is no such version, or it is larger than the cache
   * @throws StorageException if the store is unavailable
   * @throws dev.mezzotint.job.WorkerFaultException if this disk cannot hold it
   */
  ModelFiles open(String name, String version) {
    String reference = name + "@" + version;
    try (DiskCache.Lease entry =
        cache.open(
            "model " + reference,
            reference,
            () -> bytes(name, version),
            folder -> download(name, version, folder))) {
      return ModelFolder.openVersion(entry.folder(), name, version);
    }
  }

  private ObjectStat weights(String name, String version) {
    return store
        .stat(Keys.modelFile(name, version, WeightsFile.SAFETENSORS))
        .orElseThrow(() -> missing(name, version));
  }

  static InvalidInputException missing(String name, String version) {
    return new InvalidInputException("model", "there is no model " + name + "@" + version);
  }

  private long bytes(String name, String version) {
    long bytes = weights(name, version).size();
    if (bytes > cache.bytesMax()) {
      throw InvalidInputException.of(
          "model",
          "%s@%s has %d bytes, more than the %d that workers keep",
          name,
          version,
          bytes,
          cache.bytesMax());
    }
    return bytes;
  }

  private void download(String name, String version, Path folder) throws IOException {
    StoredObject config =
        store.get(Keys.modelFile(name, version, CONFIG)).orElseThrow(() -> missing(name, version));
    Download.whole(
        store,
        Keys.modelFile(name, version, WeightsFile.SAFETENSORS),
        folder.resolve(WeightsFile.SAFETENSORS),
        weights(name, version).size(),
        () -> {});
    Optional<StoredObject> card = store.get(Keys.modelFile(name, version, ModelCard.FILE));
    if (card.isPresent()) { // a model that diffusers wrote has none
      Files.write(folder.resolve(ModelCard.FILE), card.get().bytes());
    }
    Files.write(folder.resolve(CONFIG), config.bytes());
  }
}
