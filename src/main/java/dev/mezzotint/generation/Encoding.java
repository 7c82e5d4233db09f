package dev.mezzotint.generation;

import dev.mezzotint.image.Grid;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What a row's numbers become: a PNG file; and all of a job's, one grid. */
final class Encoding {
  private Encoding() {}

  /**
   * @param chw C×H×W, nominally in [−1, 1]
   */
  static byte[] png(float[] chw, ModelInfo model) {
    return Png.encode(
        Pixels.fromChw(chw, /* offset= */ 0, model.channels(), model.height(), model.width()));
  }

  /**
   * Made of the files that stand in the store, not of this attempt's numbers: the grid shows what
   * the manifest lists, also where an earlier attempt on another device made some of the pictures.
   *
   * @throws IllegalStateException if one of the files is no picture
   */
  static byte[] grid(List<byte[]> files, ModelInfo model) {
    List<Pixels> pictures = new ArrayList<>();
    for (byte[] file : files) {
      try {
        pictures.add(ImageReader.read(file, model.channels()));
      } catch (IOException e) {
        throw new IllegalStateException("a picture that stands in the store is unreadable", e);
      }
    }
    return Png.encode(Grid.square(pictures));
  }
}
