/** Runs the programs of {@code network} on a device with DJL's PyTorch engine. */
@NullMarked
package dev.mezzotint.torch;

import org.jspecify.annotations.NullMarked;
