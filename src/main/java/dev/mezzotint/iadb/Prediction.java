package dev.mezzotint.iadb;

import java.util.Locale;

/** What a network predicts. {@link Iadb} converts each kind to a direction x1 − x0. */
public enum Prediction {
  /** x1 − x0, the paper's choice: regular at both ends of α. */
  DIRECTION,
  /** The noise end of the blend; the direction is singular at α = 0. */
  X0,
  /** The data end of the blend; the direction is singular at α = 1. */
  X1,
  /**
   * DDPM's noise. As a point of the blend it is x0, but such a network expects its input at unit
   * variance and the timestep of its own noise schedule: see {@link Iadb#ddpmScale}.
   */
  EPSILON;

  /** Whether networks with this prediction exist that were trained for DDPM's noise schedules. */
  public boolean mayHaveNoiseSchedule() {
    return this == EPSILON || this == X1;
  }

  /** The prediction's name in model cards, recipes and requests. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The prediction of this wire name.
   *
   * @throws IllegalArgumentException listing the known names
   */
  public static Prediction parse(String name) {
    for (Prediction prediction : values()) {
      if (prediction.wireName().equals(name)) {
        return prediction;
      }
    }
    throw new IllegalArgumentException(
        "unknown prediction '" + name + "': use direction, x0, x1 or epsilon");
  }
}
