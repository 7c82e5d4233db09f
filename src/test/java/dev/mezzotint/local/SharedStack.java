package dev.mezzotint.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One local stack for all tests of a JVM that do not stop servers; each test takes topics, groups
 * and buckets of its own. Locks may be as short as a second, so that lost ones can be tested.
 */
public final class SharedStack {
  private static final LocalStack STACK = start();

  private SharedStack() {}

  public static LocalStack get() {
    return STACK;
  }

  private static LocalStack start() {
    try {
      Path data = Files.createTempDirectory("mezzotint-stack");
      LocalStack stack =
          LocalStack.start(
              data,
              new LocalStack.Options(
                  0, 0, Map.of("group.share.min.record.lock.duration.ms", "1000")));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(stack, data)));
      return stack;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void end(LocalStack stack, Path data) {
    try {
      stack.close();
      try (Stream<Path> files = Files.walk(data)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
