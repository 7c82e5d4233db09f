package dev.mezzotint.evaluation;

import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.plot.CaptionedGrid;
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
  private static final int FACTOR_MAX = 3;
  private static final int SHOWN_WIDTH = 256;
  private static final List<String> ROW_CAPTIONS =
      List.of("generated", "nearest training image", "real");
  private static final List<String> COLUMN_CAPTIONS =
      List.of("generated", "generated again", "second real image", "mean colours");

  private ComparisonSheet() {}

  /** Bands of three rows: generated, the nearest training image to each, real ones. */
  static Pixels of(ImageSet generated, ImageSet nearest, ImageSet real) {
    int columns = Math.min(COLUMNS, nearest.size());
    int bands = Math.min(BANDS, nearest.size() / columns);
    List<Pixels> images = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    for (int band = 0; band < bands; band++) {
      captions.addAll(ROW_CAPTIONS);
      for (ImageSet set : List.of(generated, nearest, real)) {
        for (int i = 0; i < columns; i++) {
          images.add(coloured(pixels(set, band * columns + i)));
        }
      }
    }
    return CaptionedGrid.rows(images, columns, captions, factor(images.get(0)));
  }

  /**
   * Rows of conditions, reference, and one image of each set.
   *
   * @param indices of the references in the data set
   * @param sets generated, generated again, second real image, mean colours
   */
  static Pixels conditioned(ImageDataset pairs, int[] indices, List<ImageSet> sets)
      throws IOException {
    List<Pixels> images = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    pairs.conditions().forEach(condition -> captions.add(condition.name()));
    captions.add("reference");
    captions.addAll(COLUMN_CAPTIONS.subList(0, sets.size()));
    for (int i = 0; i < Math.min(ROWS, indices.length); i++) {
      List<Pixels> shown = pairs.displayImages(indices[i]); // the image first
      List<Pixels> row = new ArrayList<>(shown.subList(1, shown.size()));
      row.add(shown.get(0));
      for (ImageSet set : sets) {
        row.add(pixels(set, i));
      }
      row.forEach(p -> images.add(coloured(p)));
    }
    return CaptionedGrid.columns(images, captions, factor(images.get(0)));
  }

  /** Small images are enlarged so that they can be seen. */
  private static int factor(Pixels image) {
    return Math.max(1, Math.min(FACTOR_MAX, SHOWN_WIDTH / image.width()));
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
