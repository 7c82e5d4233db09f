package dev.mezzotint.iadb;

/** What a network's output means. {@link Iadb} turns each kind into a direction x1 − x0. */
public enum Prediction {
  /** x1 − x0, the paper's choice: regular at both ends of α. */
  DIRECTION("direction"),
  /** The noise end of the blend; the direction is singular at α = 0. */
  X0("x0"),
  /** The data end of the blend; the direction is singular at α = 1. */
  X1("x1"),
  /**
   * DDPM's noise. As a point of the blend it is x0, but such a network expects its input at unit
   * variance and the timestep of its own noise schedule: see {@link Iadb#ddpmScale}.
   */
  EPSILON("epsilon");

  private final String wireName;

  Prediction(String word) {
    this.wireName = word;
  }

  /** The word that stands for this kind in cards, recipes and requests. */
  public String wireName() {
    return wireName;
  }

  /**
   * The prediction that a word names.
   *
   * @throws IllegalArgumentException naming the known words
   */
  public static Prediction parse(String word) {
    for (Prediction prediction : values()) {
      if (prediction.wireName.equals(word)) {
        return prediction;
      }
    }
    throw new IllegalArgumentException(
        "unknown prediction '" + word + "': use direction, x0, x1 or epsilon");
  }
}
