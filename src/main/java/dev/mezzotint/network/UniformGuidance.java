package dev.mezzotint.network;

import dev.mezzotint.iadb.Guidance;

/**
 * Guidance of all rows alike.
 *
 * @param unconditional what the second evaluation is shown
 */
public record UniformGuidance(Guidance guidance, UnconditionalInput unconditional) {}
