package dev.mezzotint.training;

import dev.mezzotint.job.WorkerFaultException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.storage.ObjectStat;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.training.recipe.DatasetReference;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Data sets brought from the store to a folder on this disk, whole or not at all, named after what
 * they hold (keys, ETags and sizes): a set that has changed is another one. Jobs share them. Where
 * room is needed those go first that have been unused for longest; one that is in use stays.
 *
 * <p>Safe for use by many threads and processes.
 */
public final class DataCache {
  static final String FIELD = "dataset.reference";

  private static final System.Logger LOG = System.getLogger(DataCache.class.getName());
  private static final int FILES_MAX = 200_000;
  private static final int BUFFER = 1 << 16;

  private final ObjectStore store;
  private final Path folder;
  private final long bytesMax;

  /**
   * @param folder of the cache; may be deleted while nothing runs
   * @param bytesMax of all data sets together
   */
  public DataCache(ObjectStore store, Path folder, long bytesMax) {
    this.store = store;
    this.folder = folder;
    this.bytesMax = bytesMax;
  }

  /** Asked between two pieces of a file; may throw to end the bringing. */
  public interface Check {
    void run();
  }

  /**
   * A data set that stands on the disk until closed.
   *
   * @param path a zip or a folder
   * @param state differs as soon as anything in it does
   */
  public record Lease(Path path, String state, FolderLock lock) implements AutoCloseable {
    @Override
    public void close() {
      lock.close();
    }
  }

  /** One object of a data set, and where it goes. */
  private record Part(String key, String file, ObjectStat stat) {}

  /**
   * Which state of the data set the store has now.
   *
   * @throws InvalidInputException if there is none
   * @throws StorageException if the store is away
   */
  public Lease lease(DatasetReference reference, Check check) {
    List<Part> parts = parts(reference, check);
    String state = state(parts);
    Path entry = folder.resolve(state.substring(0, 40));
    try {
      Files.createDirectories(folder);
      FolderLock lock = FolderLock.shared(entry);
      boolean kept = false;
      try {
        if (!Files.exists(entry)) {
          bring(reference, parts, entry, check);
        }
        touch(lock.file());
        Path path =
            reference instanceof DatasetReference.Prefix ? entry : entry.resolve("data.zip");
        kept = true;
        return new Lease(path, state, lock);
      } finally {
        if (!kept) {
          lock.close();
        }
      }
    } catch (IOException e) {
      // Of this disk, not of the data set: another worker may have more room.
      throw new WorkerFaultException(
          "data set " + reference.text() + " cannot be kept in " + folder + ": " + e.getMessage(),
          e);
    }
  }

  private List<Part> parts(DatasetReference reference, Check check) {
    List<Part> parts = new ArrayList<>();
    if (reference instanceof DatasetReference.Zip zip) {
      parts.add(new Part(zip.key(), "data.zip", stat(zip)));
    } else if (reference instanceof DatasetReference.Prefix prefix) {
      List<String> keys = store.list(prefix.prefix());
      if (keys.size() > FILES_MAX) {
        throw refuse(prefix, "has more than " + FILES_MAX + " objects: make a zip of them");
      }
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
    } else {
      throw new IllegalArgumentException("not in the store: " + reference);
    }
    long bytes = parts.stream().mapToLong(part -> part.stat().size()).sum();
    if (bytes > bytesMax) {
      throw refuse(
          reference, "has " + bytes + " bytes, more than the " + bytesMax + " that workers keep");
    }
    return parts;
  }

  private ObjectStat stat(DatasetReference.Zip zip) {
    ObjectStat stat =
        store
            .stat(zip.key())
            .orElseThrow(() -> refuse(zip, "is no object in the bucket; a prefix ends in '/'"));
    if (zip.size().isPresent() && zip.size().getAsLong() != stat.size()) {
      throw refuse(
          zip,
          "has " + stat.size() + " bytes, not the " + zip.size().getAsLong() + " of the request");
    }
    return stat;
  }

  /** Keys may be anything; files may not lead out of the folder. */
  private static String safe(DatasetReference.Prefix prefix, String file) {
    List<String> names = List.of(file.split("/", -1));
    if (names.contains("") || names.contains(".") || names.contains("..") || file.contains("\\")) {
      throw refuse(prefix, "has an object that can be no file: " + file);
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

  private void bring(DatasetReference reference, List<Part> parts, Path entry, Check check)
      throws IOException {
    makeRoom(parts.stream().mapToLong(part -> part.stat().size()).sum(), entry);
    Path part = folder.resolve(entry.getFileName() + "." + UUID.randomUUID() + ".part");
    try (FolderLock writing = FolderLock.shared(part)) {
      Files.createDirectories(part);
      for (Part one : parts) {
        Path file = part.resolve(one.file());
        Files.createDirectories(file.getParent());
        copy(reference, one, file, check);
      }
      try {
        Files.move(part, entry, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        if (!Files.exists(entry)) {
          throw e;
        } // another process has brought it meanwhile
      }
      LOG.log(System.Logger.Level.DEBUG, "{0} written under {1}", entry, writing.file());
    } finally {
      FolderLock.removeTree(part);
      Files.deleteIfExists(FolderLock.fileOf(part));
    }
  }

  private void copy(DatasetReference reference, Part part, Path file, Check check)
      throws IOException {
    MessageDigest digest = FileDigest.digest();
    long bytes = 0;
    try (InputStream in =
            store
                .open(part.key())
                .orElseThrow(() -> new StorageException(part.key() + " has vanished"));
        OutputStream out = Files.newOutputStream(file)) {
      byte[] buffer = new byte[BUFFER];
      while (true) {
        check.run();
        int read = read(in, buffer, part.key());
        if (read < 0) {
          break;
        }
        bytes += read;
        if (bytes > part.stat().size()) {
          break;
        }
        digest.update(buffer, 0, read);
        out.write(buffer, 0, read);
      }
    }
    if (bytes != part.stat().size()) {
      throw new StorageException(part.key() + " has changed or broke off while it was read");
    }
    Optional<String> wanted =
        reference instanceof DatasetReference.Zip zip ? zip.sha256() : Optional.empty();
    String found = FileDigest.hex(digest);
    if (wanted.isPresent() && !wanted.get().equals(found)) {
      throw refuse(reference, "has SHA-256 " + found + ", not the " + wanted.get() + " asked for");
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

  /** Removes the sets unused for longest until so many bytes more fit, and what crashes left. */
  private void makeRoom(long bytes, Path coming) throws IOException {
    Map<Path, Long> sizes = new LinkedHashMap<>();
    List<Path> entries = new ArrayList<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path entry : (Iterable<Path>) all.filter(Files::isDirectory)::iterator) {
        if (entry.toString().endsWith(".part")) {
          FolderLock.removeIfUnused(entry);
        } else {
          entries.add(entry);
          sizes.put(entry, bytes(entry));
        }
      }
    }
    entries.sort(Comparator.comparing(DataCache::used));
    long total = sizes.values().stream().mapToLong(Long::longValue).sum();
    for (Path entry : entries) {
      if (total + bytes <= bytesMax) {
        return;
      }
      if (!entry.equals(coming) && FolderLock.removeIfUnused(entry)) {
        LOG.log(System.Logger.Level.INFO, "data set {0} made room for another", entry);
        total -= sizes.getOrDefault(entry, 0L);
      }
    }
    if (total + bytes > bytesMax) {
      throw new IOException("other jobs' data sets fill the " + bytesMax + " bytes");
    }
  }

  private static FileTime used(Path entry) {
    try {
      return Files.getLastModifiedTime(FolderLock.fileOf(entry));
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  private static void touch(Path lockFile) throws IOException {
    Files.setLastModifiedTime(lockFile, FileTime.fromMillis(System.currentTimeMillis()));
  }

  private static long bytes(Path entry) throws IOException {
    try (Stream<Path> files = Files.walk(entry)) {
      long bytes = 0;
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        bytes += Files.size(file);
      }
      return bytes;
    } catch (NoSuchFileException | UncheckedIOException e) {
      return 0; // removed by another process at this moment
    }
  }
}
