/** Use case: a recipe and a data set become a model. No framework, no client library. */
@NullMarked
package dev.mezzotint.training;

import org.jspecify.annotations.NullMarked;
