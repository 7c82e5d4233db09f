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

/** What a row's numbers become: a PNG file; and all of a job's, one grid. */
final class Encoding {
  private static final int FRAME_MILLIS = 60;
  private static final int LAST_MILLIS = 1500;
  private static final int CLIP_MILLIS = 40;

  private Encoding() {}

  /**
   * @param chw C×H×W, nominally in [−1, 1]
   */
  static byte[] png(float[] chw, ModelInfo model) {
    return Png.encode(pixels(chw, model));
  }

  /**
   * The picture, and its way from x0 as an animation in the same file: whatever plays none shows
   * the picture.
   *
   * @param frames C×H×W each
   */
  static byte[] animated(float[] chw, List<float[]> frames, ModelInfo model) {
    return Apng.encode(
        frames.stream().map(frame -> pixels(frame, model)).toList(),
        FRAME_MILLIS,
        LAST_MILLIS,
        pixels(chw, model));
  }

  private static Pixels pixels(float[] chw, ModelInfo model) {
    return Pixels.fromChw(chw, /* offset= */ 0, model.channels(), model.height(), model.width());
  }

  /**
   * Made of the files that stand in the store, not of this attempt's numbers: the grid shows what
   * the manifest lists, also where an earlier attempt on another device made some of the pictures.
   *
   * @throws IllegalStateException if one of the files is no picture
   */
  static byte[] grid(List<byte[]> files, ModelInfo model) {
    return Png.encode(Grid.square(files.stream().map(file -> read(file, model)).toList()));
  }

  /**
   * All pictures one after the other, {@value #CLIP_MILLIS} ms each.
   *
   * @param frames files of the pictures that stand beside each other in each frame, equally many
   * @throws IllegalStateException if one of the files is no picture
   */
  static byte[] clip(List<List<byte[]>> frames, ModelInfo model) {
    List<Pixels> drawn = new ArrayList<>();
    for (List<byte[]> beside : frames) {
      List<Pixels> pictures = beside.stream().map(file -> read(file, model)).toList();
      drawn.add(ContactSheet.sideBySide(pictures));
    }
    return Apng.encode(drawn, CLIP_MILLIS, CLIP_MILLIS);
  }

  static Pixels read(byte[] file, ModelInfo model) {
    try {
      return ImageReader.read(file, model.channels());
    } catch (IOException e) {
      throw new IllegalStateException("a picture that stands in the store is unreadable", e);
    }
  }
}
