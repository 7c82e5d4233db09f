/** Adapter: the command line. */
@NullMarked
package dev.mezzotint.cli;

import org.jspecify.annotations.NullMarked;
