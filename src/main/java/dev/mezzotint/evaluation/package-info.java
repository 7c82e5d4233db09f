/**
 * How good a model's pictures are, in figures that need no network from elsewhere, each beside the
 * floor that real pictures have against real ones. Pure computation on float pictures; a {@link
 * dev.mezzotint.evaluation.Painter} supplies the model's. The command {@code evaluate} runs it.
 */
@NullMarked
package dev.mezzotint.evaluation;

import org.jspecify.annotations.NullMarked;
