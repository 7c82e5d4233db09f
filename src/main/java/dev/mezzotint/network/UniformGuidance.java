package dev.mezzotint.network;

import dev.mezzotint.iadb.Guidance;

/**
 * The same guidance for all rows.
 *
 * @param unconditional input of the second evaluation
 */
public record UniformGuidance(Guidance guidance, UnconditionalInput unconditional) {}
