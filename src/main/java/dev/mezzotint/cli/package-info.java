/** The command line: commands that work on local files and models. */
@NullMarked
package dev.mezzotint.cli;

import org.jspecify.annotations.NullMarked;
