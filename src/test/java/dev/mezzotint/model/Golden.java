package dev.mezzotint.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Files written by the reference implementation. */
final class Golden {
  static final Path FOLDER = Path.of("src/test/resources/golden");
  static final Path DEFAULTS = FOLDER.resolve("iadb_defaults");
  static final Path CONCAT = FOLDER.resolve("cond_concat");
  static final Path SAFETENSORS = DEFAULTS.resolve("diffusion_pytorch_model.safetensors");
  static final Path BIN = DEFAULTS.resolve("diffusion_pytorch_model.bin");
  static final Path OLD_NAMES = DEFAULTS.resolve("old_keys_0.16.safetensors");

  private Golden() {}

  /**
   * The official network's weights: lines of a name and a shape like {@code [128, 3, 3, 3]}, then a
   * total.
   */
  static Map<String, long[]> officialKeys(String naming) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (String line : lines(FOLDER.resolve("iadb_official_keys_" + naming + ".txt"))) {
      if (!line.endsWith("]")) {
        continue;
      }
      int space = line.indexOf(' ');
      String[] axes = line.substring(space + 2, line.length() - 1).split(", ", -1);
      long[] shape = new long[axes.length];
      for (int i = 0; i < axes.length; i++) {
        shape[i] = Long.parseLong(axes[i]);
      }
      shapes.put(line.substring(0, space), shape);
    }
    return shapes;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
