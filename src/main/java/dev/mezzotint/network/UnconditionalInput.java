package dev.mezzotint.network;

import java.util.OptionalInt;

/**
 * The input of the unconditional evaluation in guidance: what the network was trained with when
 * labels or conditions were dropped.
 *
 * @param label the label for "no class"; empty to keep the row's own label
 * @param zeroCondition whether all channels of the condition are set to zero
 */
public record UnconditionalInput(OptionalInt label, boolean zeroCondition) {}
