package dev.mezzotint.model;

import dev.mezzotint.job.WorkerFaultException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Versions of models brought from the store to a folder on this disk, whole or not at all; a
 * version never changes once it stands, so what was brought once stays good. Where room is needed
 * those go first that have been unused for longest, but none that was asked for a moment ago:
 * somebody is about to read it. Weights that are mapped stay readable when their file has gone.
 *
 * <p>Safe for use by many threads and processes, which together may exceed the limit by what they
 * bring at the same time.
 */
final class ModelCache {
  private static final System.Logger LOG = System.getLogger(ModelCache.class.getName());
  private static final Duration IN_USE = Duration.ofMinutes(1);

  /** Nothing has been written to it for so long: whoever began it is dead. */
  private static final Duration STRAY = Duration.ofMinutes(30);

  private static final String CONFIG = "config.json";
  private static final String PART = ".part";
  private static final int TRIES = 3;
  private static final int BUFFER = 1 << 16;

  private final ObjectStore store;
  private final Path root;
  private final long bytesMax;
  private final InstantSource clock;

  /**
   * @param root holds a folder for each name, with one for each version
   * @param bytesMax of all of them together
   */
  ModelCache(ObjectStore store, Path root, long bytesMax, InstantSource clock) {
    this.store = store;
    this.root = root;
    this.bytesMax = bytesMax;
    this.clock = clock;
  }

  /**
   * @throws InvalidInputException if there is no such version, or it is larger than the limit
   * @throws StorageException if the store is away
   * @throws WorkerFaultException if this disk cannot take it
   */
  ModelFiles open(String name, String version) {
    Path folder = root.resolve(name).resolve(version);
    for (int tried = 1; ; tried++) {
      try {
        if (!Files.exists(folder.resolve(CONFIG))) {
          bring(name, version, folder);
        }
        Files.setLastModifiedTime(folder.resolve(CONFIG), FileTime.from(clock.instant()));
        return ModelFolder.openVersion(folder, name, version);
      } catch (NoSuchFileException e) {
        if (tried == TRIES) {
          throw fault(name, version, e);
        } // it has just made room for another
      } catch (InvalidInputException e) {
        if (tried == TRIES || Files.exists(folder.resolve(CONFIG)) || !Files.exists(folder)) {
          throw e;
        }
      } catch (IOException | UncheckedIOException e) {
        throw fault(name, version, e);
      }
    }
  }

  private WorkerFaultException fault(String name, String version, Exception e) {
    return new WorkerFaultException(
        "model " + name + "@" + version + " cannot be kept in " + root + ": " + e.getMessage(), e);
  }

  private void bring(String name, String version, Path folder) throws IOException {
    String weights = Keys.modelFile(name, version, WeightsFile.SAFETENSORS);
    Optional<StoredObject> config = store.get(Keys.modelFile(name, version, CONFIG));
    Optional<ObjectStat> size = store.stat(weights);
    if (config.isEmpty() || size.isEmpty()) {
      throw new InvalidInputException("model", "there is no model " + name + "@" + version);
    }
    if (size.get().size() > bytesMax) {
      throw new InvalidInputException(
          "model",
          "model %s@%s has %d bytes, more than the %d that workers keep"
              .formatted(name, version, size.get().size(), bytesMax));
    }
    Path part = root.resolve(name).resolve("." + version + "." + UUID.randomUUID() + PART);
    try {
      makeRoom(size.get().size());
      Files.createDirectories(part);
      copy(weights, part.resolve(WeightsFile.SAFETENSORS));
      Optional<StoredObject> card = store.get(Keys.modelFile(name, version, ModelCard.FILE));
      if (card.isPresent()) { // what diffusers wrote has none
        Files.write(part.resolve(ModelCard.FILE), card.get().bytes());
      }
      Files.write(part.resolve(CONFIG), config.get().bytes());
      take(part, folder);
    } finally {
      remove(part);
    }
  }

  private void copy(String key, Path file) throws IOException {
    try (InputStream in =
            store.open(key).orElseThrow(() -> new StorageException(key + " has vanished"));
        OutputStream out = Files.newOutputStream(file)) {
      byte[] buffer = new byte[BUFFER];
      for (int read = read(in, buffer, key); read >= 0; read = read(in, buffer, key)) {
        out.write(buffer, 0, read);
      }
    }
  }

  /** So that a store that breaks off is told from a disk that is full. */
  private static int read(InputStream in, byte[] buffer, String key) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      throw new StorageException(key + " broke off while it was read", e);
    }
  }

  private static void take(Path part, Path folder) throws IOException {
    try {
      Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (Files.exists(folder.resolve(CONFIG))) {
        return; // somebody else has brought it meanwhile
      }
      remove(folder); // half of it, as versions before this one left it
      Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private record Kept(Path folder, long bytes, Instant used) {}

  private void makeRoom(long bytes) throws IOException {
    List<Kept> all = kept();
    long total = all.stream().mapToLong(Kept::bytes).sum();
    Instant now = clock.instant();
    for (Kept oldest : all) {
      boolean part = oldest.folder().toString().endsWith(PART);
      boolean stray = part && oldest.used().isBefore(now.minus(STRAY));
      boolean idle = !part && oldest.used().isBefore(now.minus(IN_USE));
      if (stray || idle && total + bytes > bytesMax) {
        // Out of its place at once: nobody is to find half of it.
        Path gone = oldest.folder().resolveSibling("." + UUID.randomUUID() + PART);
        Files.move(oldest.folder(), gone, StandardCopyOption.ATOMIC_MOVE);
        remove(gone);
        total -= oldest.bytes();
        LOG.log(System.Logger.Level.INFO, "{0} made room for another model", oldest.folder());
      }
    }
    if (total + bytes > bytesMax) {
      throw new IOException("models that are in use fill the " + bytesMax + " bytes");
    }
  }

  /** The one unused for longest first. */
  private List<Kept> kept() throws IOException {
    List<Kept> all = new ArrayList<>();
    for (Path name : list(root)) {
      for (Path folder : list(name)) {
        long bytes = 0;
        FileTime used = FileTime.fromMillis(0);
        for (Path file : list(folder)) {
          try {
            bytes += Files.size(file);
            FileTime written = Files.getLastModifiedTime(file);
            used = written.compareTo(used) > 0 ? written : used;
          } catch (NoSuchFileException e) {
            continue; // removed at this moment
          }
        }
        all.add(new Kept(folder, bytes, used.toInstant()));
      }
    }
    all.sort(Comparator.comparing(Kept::used));
    return all;
  }

  private static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** A folder without folders; nothing happens if it is not there. */
  private static void remove(Path folder) throws IOException {
    for (Path file : list(folder)) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(folder);
  }
}
