package dev.mezzotint.dataset;

import dev.mezzotint.image.Palette;
import java.util.Optional;

/**
 * A condition of each image in a data set, which the network receives with the image.
 *
 * @param name in models and requests
 * @param folder of its files in the layout twins: {@code input} for {@code train/input/a.png}
 * @param palette colours of a label map, which becomes one channel per class; without it the
 *     condition is an image
 * @param nearest whether colours outside the palette are replaced by the nearest one in it;
 *     otherwise their file counts as broken
 * @param channels of the network's input: 3 or 1 for an image, the number of classes for a label
 *     map
 */
public record Condition(
    String name, String folder, Optional<Palette> palette, boolean nearest, int channels) {
  /** Default folder of conditions in the layout twins. */
  public static final String FOLDER = "input";

  public Condition {
    if (palette.map(p -> p.classes() != channels).orElse(channels != 1 && channels != 3)) {
      throw new IllegalArgumentException(name + " cannot have " + channels + " channels");
    }
  }

  /** Bytes per pixel when decoded. */
  int bytesPerPixel() {
    return palette.isPresent() ? 1 : channels;
  }

  /** Channels that its files are decoded to. */
  int decodedChannels() {
    return palette.isPresent() ? 3 : channels;
  }
}
