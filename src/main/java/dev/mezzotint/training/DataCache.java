package dev.mezzotint.training;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.DiskCache;
import dev.mezzotint.storage.Download;
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.ObjectReader;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.RefusedKeyException;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.training.recipe.DatasetReference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Data sets downloaded from the object store, shared by jobs. An entry is named after keys, ETags
 * and sizes: a data set that has changed is another entry. Safe for use by many threads and
 * processes.
 */
public final class DataCache {
  static final String FIELD = "dataset.reference";

  private static final int FILES_MAX = 200_000;

  private final ObjectReader store;
  private final DiskCache cache;

  /**
   * @param folder of the cache; may be deleted while nothing runs
   * @param bytesMax of all data sets together
   */
  public DataCache(ObjectReader store, Path folder, long bytesMax) {
    this.store = store;
    this.cache = new DiskCache(folder, bytesMax, Duration.ZERO, InstantSource.system());
  }

  /**
   * A data set that stays on the disk until this is closed.
   *
   * @param path a zip or a folder
   * @param state changes whenever anything in the data set does
   */
  public record Lease(Path path, String state, DiskCache.Lease entry) implements AutoCloseable {
    @Override
    public void close() {
      entry.close();
    }
  }

  /** One object of a data set and the file that it becomes. */
  private record Part(String key, String file, ObjectStat stat) {}

  /**
   * Opens the current state of a data set, downloading it first unless it is cached.
   *
   * @param check run between pieces of a download; may throw to abort it
   * @throws InvalidInputException if there is no such data set, or it is too large
   * @throws StorageException if the store is unavailable
   */
  public Lease lease(DatasetReference reference, Runnable check) {
    try {
      return open(reference, check);
    } catch (RefusedKeyException e) {
      throw refuse(reference, "cannot be read: " + e.answer());
    }
  }

  private Lease open(DatasetReference reference, Runnable check) {
    List<Part> parts = parts(reference, check);
    long bytes = parts.stream().mapToLong(part -> part.stat().size()).sum();
    if (bytes > cache.bytesMax()) {
      throw refuse(
          reference,
          "has " + bytes + " bytes, more than the " + cache.bytesMax() + " that workers keep");
    }
    String state = state(parts);
    DiskCache.Lease entry =
        cache.open(
            "data set " + reference.text(),
            state.substring(0, 40),
            () -> bytes,
            folder -> download(reference, parts, folder, check));
    boolean folder = reference instanceof DatasetReference.Prefix;
    return new Lease(folder ? entry.folder() : entry.folder().resolve("data.zip"), state, entry);
  }

  private List<Part> parts(DatasetReference reference, Runnable check) {
    if (reference instanceof DatasetReference.Zip zip) {
      return List.of(new Part(zip.key(), "data.zip", stat(zip)));
    }
    if (!(reference instanceof DatasetReference.Prefix prefix)) {
      throw new IllegalArgumentException("not in the store: " + reference);
    }
    List<String> keys = store.list(prefix.prefix());
    if (keys.size() > FILES_MAX) {
      throw refuse(prefix, "has more than " + FILES_MAX + " objects: make a zip of them");
    }
    List<Part> parts = new ArrayList<>();
    for (String key : keys) {
      check.run();
      String file = key.substring(prefix.prefix().length());
      if (!file.isEmpty() && !file.endsWith("/")) {
        ObjectStat stat =
            store.stat(key).orElseThrow(() -> new StorageException(key + " has vanished"));
        parts.add(new Part(key, safe(prefix, file), stat));
      }
    }
    if (parts.isEmpty()) {
      throw refuse(prefix, "has no objects in the bucket");
    }
    return parts;
  }

  private ObjectStat stat(DatasetReference.Zip zip) {
    ObjectStat stat =
        store
            .stat(zip.key())
            .orElseThrow(() -> refuse(zip, "is not an object in the bucket; a prefix ends in '/'"));
    if (zip.size().isPresent() && zip.size().getAsLong() != stat.size()) {
      throw refuse(
          zip,
          "has " + stat.size() + " bytes, not the " + zip.size().getAsLong() + " of the request");
    }
    return stat;
  }

  /** Keys may have any form; files must not lead out of the folder. */
  private static String safe(DatasetReference.Prefix prefix, String file) {
    List<String> names = List.of(file.split("/", -1));
    if (names.contains("") || names.contains(".") || names.contains("..") || file.contains("\\")) {
      throw refuse(prefix, "has an object whose name cannot be a file: " + file);
    }
    return file;
  }

  private static InvalidInputException refuse(DatasetReference reference, String what) {
    return new InvalidInputException(FIELD, FIELD + " " + reference.text() + " " + what);
  }

  private static String state(List<Part> parts) {
    StringBuilder all = new StringBuilder();
    for (Part part : parts) {
      all.append(part.key()).append('\n');
      all.append(part.stat().etag()).append(' ').append(part.stat().size()).append('\n');
    }
    return Sha256.sha256(all.toString().getBytes(StandardCharsets.UTF_8));
  }

  private void download(DatasetReference reference, List<Part> parts, Path folder, Runnable check)
      throws IOException {
    Optional<String> expected =
        reference instanceof DatasetReference.Zip zip ? zip.sha256() : Optional.empty();
    for (Part part : parts) {
      Path file = folder.resolve(part.file());
      Files.createDirectories(file.getParent());
      FileDigest found = Download.whole(store, part.key(), file, part.stat().size(), check);
      if (expected.isPresent() && !expected.get().equals(found.sha256())) {
        throw refuse(
            reference, "has SHA-256 " + found.sha256() + ", not the requested " + expected.get());
      }
    }
  }
}
