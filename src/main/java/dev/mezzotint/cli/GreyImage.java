package dev.mezzotint.cli;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.SmallFile;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;

/** Reads grey images as densities of the plane: white is dense, black is empty. */
final class GreyImage {
  private static final long PIXELS_MAX = 1 << 22;

  private GreyImage() {}

  static Density.Valued read(Path file) {
    try {
      Pixels grey = ImageReader.read(SmallFile.read(file), /* channels= */ 1, PIXELS_MAX);
      float[] values = new float[grey.bytes().length];
      for (int i = 0; i < values.length; i++) {
        values[i] = (grey.bytes()[i] & 0xFF) / 255f;
      }
      return new Density.Grey(grey.width(), grey.height(), values);
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidInputException(
          file.toString(), file + " is not a density: " + FileErrors.reason(e), e);
    }
  }
}
