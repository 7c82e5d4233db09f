/** Checkpoints of a training: the file, the pointer in object storage and the lease to write it. */
@NullMarked
package dev.mezzotint.training.checkpoint;

import org.jspecify.annotations.NullMarked;
