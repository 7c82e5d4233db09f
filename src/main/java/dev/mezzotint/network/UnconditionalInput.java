package dev.mezzotint.network;

import java.util.OptionalInt;

/**
 * What a network is shown where nothing is to guide it: what it was trained on when labels or
 * conditions were dropped.
 *
 * @param label that stands for no class; empty: the row's own label stays
 * @param zeroCondition whether all channels of the condition are zero then
 */
public record UnconditionalInput(OptionalInt label, boolean zeroCondition) {
  /** By class alone. */
  public static UnconditionalInput label(int label) {
    return new UnconditionalInput(OptionalInt.of(label), /* withoutCondition= */ false);
  }
}
