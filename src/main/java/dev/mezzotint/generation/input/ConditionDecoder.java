package dev.mezzotint.generation.input;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * From the files of a condition to what the network sees, as the model's card says: pictures in
 * [−1, 1], label maps by their palette one channel a class. The same as a training does with its
 * data. Safe for use by many threads.
 *
 * @param model whose parts are pictures and label maps with palettes
 * @param nearest take the nearest colour of the palette where none matches
 * @param resize scale what has another size, label maps by the nearest pixel and pictures by area
 */
public record ConditionDecoder(ModelInfo model, boolean nearest, boolean resize) {
  /** A condition's picture that is scaled down may be this large. */
  static final long PIXELS_MAX = 1L << 24;

  /**
   * One part's picture at the model's size.
   *
   * @return a picture, or of a label map a grey picture of class numbers
   * @throws IOException if the file is not what the part takes; one sentence that says what is,
   *     without the file's name
   */
  public Pixels decode(ConditionPart part, byte[] file) throws IOException {
    int[] size = ImageReader.size(file);
    if (!resize && (size[0] != model.width() || size[1] != model.height())) {
      throw new IOException(
          "is %dx%d pixels: model %s takes %dx%d"
              .formatted(size[0], size[1], model.reference(), model.width(), model.height()));
    }
    boolean labels = part.kind() == ConditionPart.Kind.LABELS;
    int channels = part.kind() == ConditionPart.Kind.GREY ? 1 : 3;
    Pixels pixels = ImageReader.read(file, channels, PIXELS_MAX);
    if (labels) {
      Pixels classes = palette(part).labels(pixels, nearest);
      return Resize.coverNearest(classes, model.width(), model.height());
    }
    return Resize.cover(pixels, model.width(), model.height());
  }

  private static Palette palette(ConditionPart part) {
    return part.palette().orElseThrow(() -> new IllegalArgumentException("part without palette"));
  }

  /**
   * A decoded picture as a person sees it: label maps in their colours.
   *
   * @param decoded by {@link #decode}
   */
  public static Pixels visualize(ConditionPart part, Pixels decoded) {
    return part.kind() == ConditionPart.Kind.LABELS
        ? palette(part).colours(decoded)
        : decoded.withChannels(3);
  }

  /**
   * All parts together.
   *
   * @param decoded one for each of the model's parts, by {@link #decode}; empty for one that is
   *     left out, which the network then sees as zeros
   */
  public SamplingJob.Condition condition(List<Optional<Pixels>> decoded) {
    return new Decoded(model.condition(), List.copyOf(decoded), model.height() * model.width());
  }

  private record Decoded(List<ConditionPart> parts, List<Optional<Pixels>> pictures, int plane)
      implements SamplingJob.Condition {
    @Override
    public int length() {
      return plane * parts.stream().mapToInt(ConditionPart::channels).sum();
    }

    @Override
    public void write(float[] out, int offset) {
      int at = offset;
      for (int i = 0; i < parts.size(); i++) {
        ConditionPart part = parts.get(i);
        int values = plane * part.channels();
        if (pictures.get(i).isEmpty()) {
          java.util.Arrays.fill(out, at, at + values, 0);
        } else if (part.kind() == ConditionPart.Kind.LABELS) {
          palette(part).oneHot(pictures.get(i).get(), out, at);
        } else {
          pictures.get(i).get().toChw(out, at);
        }
        at += values;
      }
    }
  }
}
