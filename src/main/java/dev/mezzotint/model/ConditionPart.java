package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Some of the channels that follow x in the network's input, and what a person gives for them.
 *
 * @param name how requests call it
 * @param channels how many channels it fills
 */
public record ConditionPart(String name, Kind kind, int channels) {
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

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    public String word() {
      return word;
    }

    static List<String> words() {
      return Arrays.stream(values()).map(Kind::word).toList();
    }

    static Optional<Kind> ofWord(String word) {
      return Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst();
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
    boolean fits =
        switch (kind) {
          case RGB -> channels == 3;
          case GREY -> channels == 1;
          case LABELS, TENSOR -> channels >= 1 && channels <= UNetConfig.CHANNELS_MAX;
        };
    if (!fits) {
      throw new InvalidInputException(
          "channels", "channels of the kind " + kind.word() + " cannot be " + channels);
    }
  }
}
