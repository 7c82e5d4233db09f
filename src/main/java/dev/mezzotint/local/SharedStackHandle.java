package dev.mezzotint.local;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A process that uses a local stack which another one has started: a second worker on the same data
 * folder. The stack stays as long as such a process lives, also when the one that started it was
 * killed, so that the others can finish what it held.
 *
 * <p>Known by a file with the process's number in the data folder. Closing it takes it away.
 */
public final class SharedStackHandle implements Closeable {
  private static final String FOLDER = "guests";

  private final Path file;

  private SharedStackHandle(Path file) {
    this.file = file;
  }

  /** Keeps the stack on this folder up until closed, or until this process is gone. */
  public static SharedStackHandle join(Path data) throws IOException {
    Path folder = Files.createDirectories(data.resolve(FOLDER));
    Path file = folder.resolve(Long.toString(ProcessHandle.current().pid()));
    Files.writeString(file, "");
    return new SharedStackHandle(file);
  }

  /** Whether any guest of the folder lives; files of dead ones are taken away. */
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
      return false; // no folder: nobody has ever joined
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
