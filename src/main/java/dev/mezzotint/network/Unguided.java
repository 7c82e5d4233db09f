package dev.mezzotint.network;

import java.util.OptionalInt;

/**
 * What a network is shown where nothing is to guide it: what it was trained on when labels or
 * conditions were dropped.
 *
 * @param label that stands for no class; empty: the row's own label stays
 * @param withoutCondition whether all channels of the condition are zero then
 */
public record Unguided(OptionalInt label, boolean withoutCondition) {
  /** By class alone. */
  public static Unguided label(int label) {
    return new Unguided(OptionalInt.of(label), /* withoutCondition= */ false);
  }
}
