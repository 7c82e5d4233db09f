package dev.mezzotint.storage;

import dev.mezzotint.files.FileErrors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Marks a folder as in use, by a shared lock on a file next to it. The lock of a process that dies
 * is released by the system, which distinguishes abandoned folders from those in use. Safe for use
 * by many threads and processes.
 */
public final class FolderLock implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(FolderLock.class.getName());

  /** Locks of this process by file: the system grants them to processes, not to threads. */
  private static final Map<Path, Held> HELD = new HashMap<>();

  private static final class Held {
    final FileChannel channel;
    final FileLock lock;
    int users;

    Held(FileChannel channel, FileLock lock) {
      this.channel = channel;
      this.lock = lock;
    }
  }

  private final Path file;
  private boolean closed;

  private FolderLock(Path file) {
    this.file = file;
  }

  /** The lock file of a folder. */
  public static Path fileOf(Path folder) {
    return folder.toAbsolutePath().normalize().resolveSibling(folder.getFileName() + ".lock");
  }

  /** Locks a folder, which need not exist. Waits while another process removes it. */
  public static FolderLock shared(Path folder) throws IOException {
    Path file = fileOf(folder);
    synchronized (HELD) {
      Held held = HELD.get(file);
      if (held == null) {
        Files.createDirectories(file.getParent());
        FileChannel channel = open(file);
        held = new Held(channel, channel.lock(0, Long.MAX_VALUE, /* shared= */ true));
        HELD.put(file, held);
      }
      held.users++;
      return new FolderLock(file);
    }
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  public Path file() {
    return file;
  }

  /**
   * Removes the folder unless it is in use, here or in another process. It is renamed first: a
   * crash while its files are deleted leaves a folder named {@code *.part}, never half of this one.
   */
  public static boolean removeIfUnused(Path folder) throws IOException {
    Path file = fileOf(folder);
    synchronized (HELD) {
      if (HELD.containsKey(file)) {
        return false;
      }
      try (FileChannel channel = open(file);
          FileLock lock = tryLock(channel)) {
        if (lock == null) {
          return false;
        }
        if (Files.exists(folder)) {
          Path removed =
              folder.resolveSibling(folder.getFileName() + "." + UUID.randomUUID() + ".part");
          Files.move(folder, removed, StandardCopyOption.ATOMIC_MOVE);
          removeTree(removed);
        }
      }
      return true;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  /** Deletes a folder with all that it contains. Best effort. */
  public static void removeTree(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.log(Level.WARNING, "{0} cannot be removed: {1}", folder, FileErrors.describe(e));
    }
  }

  @Override
  public void close() {
    synchronized (HELD) {
      Held held = HELD.get(file);
      if (closed || held == null) {
        return;
      }
      closed = true;
      if (--held.users == 0) {
        HELD.remove(file);
        try {
          held.lock.release();
          held.channel.close();
        } catch (IOException e) {
          LOG.log(Level.DEBUG, "lock " + file, e);
        }
      }
    }
  }
}
