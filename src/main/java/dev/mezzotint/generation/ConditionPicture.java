package dev.mezzotint.generation;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.model.ConditionPart;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A picture as the channels that a network sees beside x: colours and greys in [−1, 1], label maps
 * as one channel a class. Stateless.
 */
public final class ConditionPicture {
  private ConditionPicture() {}

  /**
   * The one part that a single picture can fill.
   *
   * @return empty if the model takes several, or channels that no picture has
   */
  static Optional<ConditionPart> part(ModelInfo model) {
    List<ConditionPart> parts = model.parts();
    if (parts.isEmpty()) { // a network without a card
      return switch (model.conditionChannels()) {
        case 1 -> Optional.of(new ConditionPart("condition", ConditionPart.Kind.GREY, 1));
        case 3 -> Optional.of(new ConditionPart("condition", ConditionPart.Kind.RGB, 3));
        default -> Optional.empty();
      };
    }
    ConditionPart first = parts.get(0);
    boolean picture =
        switch (first.kind()) {
          case RGB, GREY -> true;
          case LABELS -> first.palette().isPresent();
          case TENSOR -> false;
        };
    return parts.size() == 1 && picture ? Optional.of(first) : Optional.empty();
  }

  /**
   * @param part a picture's: a label map has its colours
   * @param out receives part.channels()×height×width values from {@code offset} on
   * @throws IOException whose message says what is wrong with the file, to follow its name
   */
  public static void read(ConditionPart part, ModelInfo model, byte[] file, float[] out, int offset)
      throws IOException {
    int channels = part.kind() == ConditionPart.Kind.GREY ? 1 : 3;
    Pixels pixels = ImageReader.read(file, channels, ImageReader.PIXELS_MAX_DEFAULT);
    if (pixels.width() != model.width() || pixels.height() != model.height()) {
      throw new IOException(
          "is %dx%d pixels: model %s takes %dx%d"
              .formatted(
                  pixels.width(),
                  pixels.height(),
                  model.reference(),
                  model.width(),
                  model.height()));
    }
    if (part.kind() == ConditionPart.Kind.LABELS) {
      Palette palette = part.palette().orElseThrow();
      palette.oneHot(palette.labels(pixels, /* nearest= */ false), out, offset);
    } else {
      pixels.toChw(out, offset);
    }
  }
}
