/** Loads and validates the input images that a request references: conditions, init, mask. */
@NullMarked
package dev.mezzotint.generation.input;

import org.jspecify.annotations.NullMarked;
