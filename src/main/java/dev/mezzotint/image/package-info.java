/**
 * Pixels to PNG and back, grids and animations. Imports {@code java.*} (and the JDK's own {@code
 * javax.imageio} for decoding) only.
 */
@NullMarked
package dev.mezzotint.image;

import org.jspecify.annotations.NullMarked;
