package dev.mezzotint.generation;

import dev.mezzotint.image.Apng;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.sampling.ModelInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Encodes sampled values as PNG images, animations and grids. */
final class Encoding {
  private static final int FRAME_MILLIS = 60;
  private static final int LAST_MILLIS = 1500;
  private static final int CLIP_MILLIS = 40;

  private Encoding() {}

  /**
   * @param chw C×H×W, nominally in [−1, 1]
   */
  static byte[] png(float[] chw, ModelInfo model) {
    return Png.encode(model.pixels(chw));
  }

  /**
   * The image, with its trajectory from x0 as an animation in the same file: viewers that do not
   * play animations show the image.
   *
   * @param frames C×H×W each
   */
  static byte[] animated(float[] chw, List<float[]> frames, ModelInfo model) {
    return Apng.encode(
        frames.stream().map(model::pixels).toList(), FRAME_MILLIS, LAST_MILLIS, model.pixels(chw));
  }

  /**
   * All images in one.
   *
   * @throws IllegalStateException if one of the files is not an image
   */
  static byte[] grid(List<byte[]> files, ModelInfo model) {
    return Png.encode(Grid.square(files.stream().map(file -> read(file, model)).toList()));
  }

  /**
   * All frames one after the other, {@value #CLIP_MILLIS} ms each.
   *
   * @param frames files of the images that are side by side in each frame, the same number in all
   * @throws IllegalStateException if one of the files is not an image
   */
  static byte[] clip(List<List<byte[]>> frames, ModelInfo model) {
    List<Pixels> drawn = new ArrayList<>();
    for (List<byte[]> files : frames) {
      drawn.add(ContactSheet.sideBySide(files.stream().map(file -> read(file, model)).toList()));
    }
    return Apng.encode(drawn, CLIP_MILLIS, CLIP_MILLIS);
  }

  static Pixels read(byte[] file, ModelInfo model) {
    try {
      return ImageReader.read(file, model.channels());
    } catch (IOException e) {
      throw new IllegalStateException("a stored image cannot be read", e);
    }
  }
}
