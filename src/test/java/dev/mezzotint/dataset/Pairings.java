package dev.mezzotint.dataset;

import dev.mezzotint.image.Palette;
import java.util.List;
import java.util.Optional;

/** Pairings with one condition. */
public final class Pairings {
  private Pairings() {}

  /** In the layout twins with images in the folder {@code target}. */
  public static Pairing of(Pairing.Layout layout, Condition condition) {
    return new Pairing(layout, Pairing.TARGET, List.of(condition));
  }

  /** Colour images. */
  public static Condition images() {
    return new Condition("condition", Condition.FOLDER, Optional.empty(), /* nearest= */ false, 3);
  }

  /** Label maps. */
  public static Condition labels(Palette palette) {
    return new Condition(
        "condition",
        Condition.FOLDER,
        Optional.of(palette),
        /* nearest= */ false,
        palette.classes());
  }
}
