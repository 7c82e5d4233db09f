package dev.mezzotint.evaluation;

import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A sheet of the first generated and real images, not selected by hand. */
final class ComparisonSheet {
  private static final int COLUMNS = 12;
  private static final int BANDS = 3;

  /** Generated images on a sheet at most. */
  static final int COUNT = COLUMNS * BANDS;

  private static final int ROWS = 10; // of pairs
  private static final int PADDING = 2;

  private ComparisonSheet() {}

  /** Bands of three rows: generated, the nearest training image to each, real ones. */
  static Pixels of(ImageSet generated, ImageSet nearest, ImageSet real) {
    int columns = Math.min(COLUMNS, nearest.size());
    int bands = Math.min(BANDS, nearest.size() / columns);
    List<Pixels> images = new ArrayList<>();
    for (int band = 0; band < bands; band++) {
      for (ImageSet set : List.of(generated, nearest, real)) {
        for (int i = 0; i < columns; i++) {
          images.add(pixels(set, band * columns + i));
        }
      }
    }
    return Grid.of(images, columns, PADDING);
  }

  /**
   * Rows of conditions, reference, and one image of each set.
   *
   * @param indices of the references in the data set
   */
  static Pixels conditioned(ImageDataset pairs, int[] indices, List<ImageSet> sets)
      throws IOException {
    List<Pixels> images = new ArrayList<>();
    int columns = 0;
    for (int i = 0; i < Math.min(ROWS, indices.length); i++) {
      List<Pixels> shown = pairs.displayImages(indices[i]); // the image first
      List<Pixels> row = new ArrayList<>(shown.subList(1, shown.size()));
      row.add(shown.get(0));
      for (ImageSet set : sets) {
        row.add(pixels(set, i));
      }
      columns = row.size();
      row.forEach(p -> images.add(coloured(p)));
    }
    return Grid.of(images, columns, PADDING);
  }

  private static Pixels pixels(ImageSet set, int i) {
    return Pixels.fromChw(
        set.values(), i * set.stride(), set.channels(), set.height(), set.width());
  }

  private static Pixels coloured(Pixels pixels) {
    if (pixels.channels() == 3) {
      return pixels;
    }
    byte[] rgb = new byte[3 * pixels.width() * pixels.height()];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = pixels.bytes()[i / 3 * pixels.channels()];
    }
    return new Pixels(pixels.width(), pixels.height(), 3, rgb);
  }
}
