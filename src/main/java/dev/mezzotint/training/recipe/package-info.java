/** Training requests and recipes: fields, defaults, limits and validation. */
@NullMarked
package dev.mezzotint.training.recipe;

import org.jspecify.annotations.NullMarked;
