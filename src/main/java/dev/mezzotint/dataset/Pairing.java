package dev.mezzotint.dataset;

import dev.mezzotint.image.Palette;
import java.util.Optional;

/**
 * Where each image's condition stands, and what it is.
 *
 * @param palette colours of a label map, which then becomes one channel a class; without it the
 *     condition is a picture
 * @param channels of a condition that is a picture: 3 or 1
 */
public record Pairing(Layout layout, Optional<Palette> palette, int channels) {
  /** How condition and image lie beside each other. */
  public enum Layout {
    /** Twin folders: {@code input/a/b.png} is the condition of {@code target/a/b.png}. */
    TWINS,
    /** One file holds both: the condition left, the image right. */
    CONDITION_LEFT,
    /** One file holds both: the image left, the condition right. */
    CONDITION_RIGHT
  }

  public Pairing {
    if (palette.isEmpty() && channels != 1 && channels != 3) {
      throw new IllegalArgumentException("a picture has 1 or 3 channels, not " + channels);
    }
  }

  /** Coloured pictures as conditions. */
  public static Pairing pictures(Layout layout) {
    return new Pairing(layout, Optional.empty(), 3);
  }

  /** Label maps as conditions. */
  public static Pairing labels(Layout layout, Palette palette) {
    return new Pairing(layout, Optional.of(palette), palette.classes());
  }

  /** Channels of a condition as the network sees it. */
  public int conditionChannels() {
    return palette.map(Palette::classes).orElse(channels);
  }
}
