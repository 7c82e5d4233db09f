package dev.mezzotint.model;

import dev.mezzotint.image.Palette;
import dev.mezzotint.json.InvalidInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Some of the channels that follow x in the network's input, and what a person gives for them.
 *
 * @param name how requests call it
 * @param channels how many channels it fills
 * @param palette the colours of a label map, one a channel; empty where they are not known, and for
 *     every other kind
 * @param optional whether the network has also seen this part all zero, which then stands for "no
 *     condition" and is what guidance needs
 */
public record ConditionPart(
    String name, Kind kind, int channels, Optional<Palette> palette, boolean optional) {
  /** A part without colours that is always given. */
  public ConditionPart(String name, Kind kind, int channels) {
    this(name, kind, channels, Optional.empty(), /* optional= */ false);
  }

  /** How an image becomes channels. */
  public enum Kind {
    /** Three channels in [−1, 1]. */
    RGB("rgb"),
    /** One channel in [−1, 1]. */
    GREY("grey"),
    /** A label map: one channel per class, 1 where the pixel belongs to it and 0 elsewhere. */
    LABELS("labels"),
    /** Channels of unknown meaning: given as a tensor, used as they are. */
    TENSOR("tensor");

    private final String wireName;

    Kind(String word) {
      this.wireName = word;
    }

    public String wireName() {
      return wireName;
    }

    static List<String> wireNames() {
      return Arrays.stream(values()).map(Kind::wireName).toList();
    }

    static Optional<Kind> ofWireName(String word) {
      return Arrays.stream(values()).filter(kind -> kind.wireName.equals(word)).findFirst();
    }
  }

  /**
   * Checks that the kind has that many channels.
   *
   * @throws InvalidInputException otherwise
   */
  public ConditionPart {
    if (!ModelReference.NAME.matcher(name).matches()) {
      throw new InvalidInputException("name", "name must be letters, digits, '.', '_' and '-'");
    }
    if (palette.isPresent() && (kind != Kind.LABELS || palette.get().classes() != channels)) {
      throw new InvalidInputException(
          "palette",
          "palette has "
              + palette.get().classes()
              + " colours, for "
              + channels
              + " channels of the kind "
              + kind.wireName());
    }
    boolean fits =
        switch (kind) {
          case RGB -> channels == 3;
          case GREY -> channels == 1;
          case LABELS, TENSOR -> channels >= 1 && channels <= UNetConfig.CHANNELS_MAX;
        };
    if (!fits) {
      throw new InvalidInputException(
          "channels", "channels of the kind " + kind.wireName() + " cannot be " + channels);
    }
  }
}
