/** Line charts and scatter plots as RGB pixels. */
@NullMarked
package dev.mezzotint.plot;

import org.jspecify.annotations.NullMarked;
