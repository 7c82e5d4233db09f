package dev.mezzotint.local;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Keeps a local stack running that another process has started, for example for a second worker on
 * the same data folder. The stack runs as long as a process with a handle lives, even if the
 * process that started it was killed, so that the others can take over its jobs.
 *
 * <p>Each handle is a file in the data folder named by the process id; closing it deletes the file.
 */
public final class SharedStackHandle implements Closeable {
  private static final String FOLDER = "guests";

  private final Path file;

  private SharedStackHandle(Path file) {
    this.file = file;
  }

  /** Keeps the stack on this folder running until the handle is closed or this process ends. */
  public static SharedStackHandle join(Path data) throws IOException {
    Path folder = Files.createDirectories(data.resolve(FOLDER));
    Path file = folder.resolve(Long.toString(ProcessHandle.current().pid()));
    Files.writeString(file, "");
    return new SharedStackHandle(file);
  }

  /** Whether a living process holds a handle; deletes the files of dead ones. */
  static boolean anyAlive(Path data) {
    try (Stream<Path> files = Files.list(data.resolve(FOLDER))) {
      List<Path> all = files.toList();
      boolean any = false;
      for (Path file : all) {
        if (alive(file)) {
          any = true;
        } else {
          Files.deleteIfExists(file);
        }
      }
      return any;
    } catch (IOException e) {
      return false; // no handle was ever opened
    }
  }

  private static boolean alive(Path file) {
    try {
      long pid = Long.parseLong(String.valueOf(file.getFileName()));
      return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent();
    } catch (NumberFormatException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
