/** Readers of image data sets: folders and zips. Imports {@code java.*} and {@code image}. */
@NullMarked
package dev.mezzotint.dataset;

import org.jspecify.annotations.NullMarked;
