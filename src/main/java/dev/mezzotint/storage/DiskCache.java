package dev.mezzotint.storage;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.job.WorkerFaultException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
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
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * A cache of folders on this disk, of a limited total size. An entry is complete or absent. The
 * least recently used entries are evicted where room is needed, except those that are leased or
 * were opened a moment ago.
 *
 * <p>Safe for use by many threads and processes, which together may exceed the limit by what they
 * load at the same time.
 *
 * @param root holds the entries; may be deleted while nothing runs
 * @param bytesMax of all entries together
 * @param grace how long an entry stays after it was opened, leased or not
 */
public record DiskCache(Path root, long bytesMax, Duration grace, InstantSource clock) {
  private static final System.Logger LOG = System.getLogger(DiskCache.class.getName());
  private static final String PART = ".part";

  /** Fills the folder of an entry. */
  @FunctionalInterface
  public interface Loader {
    void load(Path folder) throws IOException;
  }

  /** A complete entry, which is not evicted until this is closed. */
  public record Lease(Path folder, FolderLock lock) implements AutoCloseable {
    @Override
    public void close() {
      lock.close();
    }
  }

  /**
   * Opens an entry, loading it first if it is absent.
   *
   * @param subject what the entry is, for messages
   * @param name of the entry's folder
   * @param bytes size of the entry, asked for only to load it; at most {@link #bytesMax}
   * @throws WorkerFaultException if this disk cannot hold it: another worker may have more room
   */
  public Lease open(String subject, String name, LongSupplier bytes, Loader loader) {
    Path entry = root.resolve(name);
    try {
      Files.createDirectories(root);
      FolderLock lock = FolderLock.shared(entry);
      boolean opened = false;
      try {
        if (!Files.exists(entry)) {
          load(entry, bytes.getAsLong(), loader);
        }
        Files.setLastModifiedTime(lock.file(), FileTime.from(clock.instant()));
        opened = true;
        return new Lease(entry, lock);
      } finally {
        if (!opened) {
          lock.close();
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw new WorkerFaultException(
          subject + " cannot be kept in " + root + ": " + FileErrors.describe(e), e);
    }
  }

  private void load(Path entry, long bytes, Loader loader) throws IOException {
    makeRoom(bytes, entry);
    Path part = root.resolve(entry.getFileName() + "." + UUID.randomUUID() + PART);
    FolderLock writing = FolderLock.shared(part);
    try {
      Files.createDirectories(part);
      loader.load(part);
      try {
        Files.move(part, entry, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        if (!Files.exists(entry)) {
          throw e;
        } // another process was faster
      }
    } finally {
      FolderLock.removeTree(part);
      writing.close();
      Files.deleteIfExists(writing.file());
    }
  }

  private record Entry(Path folder, long bytes, Instant used) {}

  /** Removes what crashed processes left, then evicts entries until {@code bytes} more fit. */
  private void makeRoom(long bytes, Path loading) throws IOException {
    List<Entry> entries = entries();
    long total = entries.stream().mapToLong(Entry::bytes).sum();
    Instant idle = clock.instant().minus(grace);
    for (Entry entry : entries) {
      if (total + bytes <= bytesMax) {
        return;
      }
      if (!entry.folder().equals(loading)
          && !entry.used().isAfter(idle)
          && FolderLock.removeIfUnused(entry.folder())) {
        LOG.log(Level.INFO, "evicted {0}", entry.folder());
        total -= entry.bytes();
      }
    }
    if (total + bytes > bytesMax) {
      throw new IOException("entries in use fill the " + bytesMax + " bytes of the cache");
    }
  }

  /** The least recently used first. */
  private List<Entry> entries() throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (Stream<Path> all = Files.list(root)) {
      for (Path folder : (Iterable<Path>) all.filter(Files::isDirectory)::iterator) {
        if (folder.toString().endsWith(PART)) {
          FolderLock.removeIfUnused(folder);
        } else {
          entries.add(new Entry(folder, bytes(folder), lastUsed(folder)));
        }
      }
    }
    entries.sort(Comparator.comparing(Entry::used));
    return entries;
  }

  private static Instant lastUsed(Path folder) {
    try {
      return Files.getLastModifiedTime(FolderLock.fileOf(folder)).toInstant();
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  private static long bytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      long bytes = 0;
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        bytes += Files.size(file);
      }
      return bytes;
    } catch (NoSuchFileException | UncheckedIOException e) {
      return 0; // just removed by another process
    }
  }
}
