/**
 * Images: reading, writing, resizing, grids, animations and palettes. Imports {@code java.*} and,
 * for decoding JPEG and WebP, {@code javax.imageio} only.
 */
@NullMarked
package dev.mezzotint.image;

import org.jspecify.annotations.NullMarked;
