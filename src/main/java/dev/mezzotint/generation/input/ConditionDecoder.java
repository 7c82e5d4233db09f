package dev.mezzotint.generation.input;

import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Decodes the files of a condition into the network's input as the model's card describes it:
 * images as values in [−1, 1], label maps by their palette as one channel per class. Training
 * decodes its data in the same way. Safe for use by many threads.
 *
 * @param model whose parts are images and label maps with palettes
 * @param nearest use the nearest colour of the palette where none matches
 * @param resize scale images of another size: label maps by the nearest pixel, images by area
 */
public record ConditionDecoder(ModelInfo model, boolean nearest, boolean resize) {
  /** Pixels of one image before it is scaled down. */
  static final long PIXELS_MAX = 1L << 24;

  /**
   * Decodes the image of one part at the model's size.
   *
   * @return an image; for a label map a grey image of class numbers
   * @throws IOException if the file is not what the part takes; one sentence that says what is,
   *     without the file's name
   */
  Pixels decode(ConditionPart part, byte[] file) throws IOException {
    int[] size = ImageReader.size(file);
    if (!resize && (size[0] != model.width() || size[1] != model.height())) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "is %dx%d pixels: model %s takes %dx%d",
              size[0],
              size[1],
              model.reference(),
              model.width(),
              model.height()));
    }
    if (part.kind() == ConditionPart.Kind.LABELS) {
      Pixels map = ImageReader.readLabelMap(file, PIXELS_MAX);
      return Resize.coverNearest(palette(part).labels(map, nearest), model.width(), model.height());
    }
    int channels = part.kind() == ConditionPart.Kind.GREY ? 1 : 3;
    return Resize.cover(
        ImageReader.read(file, channels, PIXELS_MAX), model.width(), model.height());
  }

  private static Palette palette(ConditionPart part) {
    return part.palette().orElseThrow(() -> new IllegalArgumentException("part without palette"));
  }

  /** A decoded image in colour: label maps in the colours of their palette. */
  static Pixels visualize(ConditionPart part, Pixels decoded) {
    return part.kind() == ConditionPart.Kind.LABELS
        ? palette(part).colours(decoded)
        : decoded.withChannels(3);
  }

  /**
   * Combines all parts.
   *
   * @param decoded one for each of the model's parts, by {@link #decode}; empty for a part that is
   *     left out, which the network then gets as zeros
   */
  SamplingJob.Condition condition(List<Optional<Pixels>> decoded) {
    return new Decoded(model.condition(), List.copyOf(decoded), model.height() * model.width());
  }

  private record Decoded(List<ConditionPart> parts, List<Optional<Pixels>> images, int plane)
      implements SamplingJob.Condition {
    @Override
    public int length() {
      return plane * parts.stream().mapToInt(ConditionPart::channels).sum();
    }

    @Override
    public SamplingJob.Condition cut(Canvas canvas, int tile) {
      int height = canvas.tileHeight();
      int width = canvas.tileWidth();
      return new Decoded(
          parts,
          images.stream()
              .map(
                  image ->
                      image.map(
                          all -> all.part(canvas.left(tile), canvas.top(tile), width, height)))
              .toList(),
          height * width);
    }

    @Override
    public void write(float[] out, int offset) {
      int at = offset;
      for (int i = 0; i < parts.size(); i++) {
        ConditionPart part = parts.get(i);
        int values = plane * part.channels();
        if (images.get(i).isEmpty()) {
          Arrays.fill(out, at, at + values, 0);
        } else if (part.kind() == ConditionPart.Kind.LABELS) {
          palette(part).oneHot(images.get(i).get(), out, at);
        } else {
          images.get(i).get().toChw(out, at);
        }
        at += values;
      }
    }
  }
}
