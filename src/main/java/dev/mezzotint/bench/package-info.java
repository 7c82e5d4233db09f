/** Benchmarks: the commands below {@code bench}. */
@NullMarked
package dev.mezzotint.bench;

import org.jspecify.annotations.NullMarked;
