/** The packaged application: its entry point and its command tree. */
@NullMarked
package dev.mezzotint;

import org.jspecify.annotations.NullMarked;
