package dev.mezzotint.local;

import java.nio.file.Path;

/** A process that starts a local stack, prints its pid and waits to be killed. */
public final class LocalStackParent {
  private LocalStackParent() {}

  public static void main(String... args) throws Exception {
    LocalStackProcess child = LocalStackProcess.start(Path.of(args[0]));
    System.out.println("child " + child.pid());
    Thread.sleep(Long.MAX_VALUE);
  }
}
