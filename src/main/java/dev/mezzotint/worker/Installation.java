package dev.mezzotint.worker;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import org.jspecify.annotations.Nullable;

/** Where this software lies on disk: what it brings along is found relative to its jar. */
final class Installation {
  /** target/quarkus-app/app/mezzotint.jar is three folders below what holds models/. */
  private static final int LEVELS = 4;

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

  private static @Nullable Path code() {
    CodeSource source = Installation.class.getProtectionDomain().getCodeSource();
    try {
      return source == null ? null : Path.of(source.getLocation().toURI()).toAbsolutePath();
    } catch (URISyntaxException e) {
      return null;
    }
  }
}
