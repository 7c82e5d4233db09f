/** Adapter: runs the programs of {@code network} on a device through DJL's PyTorch engine. */
@NullMarked
package dev.mezzotint.torch;

import org.jspecify.annotations.NullMarked;
