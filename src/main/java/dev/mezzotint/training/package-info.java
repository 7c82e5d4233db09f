/** Trains a model from a recipe and a data set. No framework, no client library. */
@NullMarked
package dev.mezzotint.training;

import org.jspecify.annotations.NullMarked;
