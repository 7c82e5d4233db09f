package dev.mezzotint.dataset;

import dev.mezzotint.image.Palette;
import java.util.Optional;

/**
 * What stands beside a picture and is shown to the network with it.
 *
 * @param name how models and requests call it
 * @param folder among twins, where it lies: {@code input} for {@code train/input/a.png}
 * @param palette colours of a label map, which then becomes one channel a class; without it the
 *     condition is a picture
 * @param nearest whether colours outside the palette become the nearest one in it, rather than
 *     making their file a broken one
 * @param channels as the network sees it: of a picture 3 or 1, of a label map its classes
 */
public record Condition(
    String name, String folder, Optional<Palette> palette, boolean nearest, int channels) {
  /** Where conditions lie among twins unless somebody says otherwise. */
  public static final String FOLDER = "input";

  public Condition {
    if (palette.map(p -> p.classes() != channels).orElse(channels != 1 && channels != 3)) {
      throw new IllegalArgumentException(name + " cannot have " + channels + " channels");
    }
  }

  /** Coloured pictures. */
  public static Condition images() {
    return new Condition("condition", FOLDER, Optional.empty(), /* nearest= */ false, 3);
  }

  /** Label maps. */
  public static Condition labels(Palette palette) {
    return new Condition(
        "condition", FOLDER, Optional.of(palette), /* nearest= */ false, palette.classes());
  }

  /** Bytes a pixel once decoded. */
  int bytesPerPixel() {
    return palette.isPresent() ? 1 : channels;
  }

  /** Channels to decode its files with. */
  int decodedChannels() {
    return palette.isPresent() ? 3 : channels;
  }
}
