package dev.mezzotint.worker;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import org.jspecify.annotations.Nullable;

/** Where this software is installed, and the name of this process. */
final class Installation {
  /** target/quarkus-app/app/mezzotint.jar is three folders below what holds models/. */
  private static final int LEVELS = 4;

  private static final Path HOST_NAME = Path.of("/etc/hostname");

  private Installation() {}

  /** The folder of bundled models: the nearest {@code models} above the application's jar. */
  static Path models() {
    Path folder = code();
    for (int level = 0; folder != null && level < LEVELS; level++) {
      folder = folder.getParent();
      if (folder != null && Files.isDirectory(folder.resolve("models"))) {
        return folder.resolve("models");
      }
    }
    return Path.of("models");
  }

  /** The host's name and the id of this process. */
  static String processName() {
    String host = System.getenv().getOrDefault("HOSTNAME", "");
    if (host.isEmpty() && Files.isReadable(HOST_NAME)) {
      try {
        host = Files.readString(HOST_NAME).strip();
      } catch (IOException e) {
        host = "";
      }
    }
    return (host.isEmpty() ? "worker" : host) + "-" + ProcessHandle.current().pid();
  }

  private static @Nullable Path code() {
    CodeSource source = Installation.class.getProtectionDomain().getCodeSource();
    try {
      return source == null ? null : Path.of(source.getLocation().toURI()).toAbsolutePath();
    } catch (URISyntaxException e) {
      return null;
    }
  }
}
