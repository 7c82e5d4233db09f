package dev.mezzotint.network;

import dev.mezzotint.iadb.Guidance;

/**
 * Guidance of all rows alike.
 *
 * @param without what the second evaluation is shown
 */
public record Guided(Guidance guidance, Unguided without) {}
