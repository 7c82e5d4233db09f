/** Checkpoints in object storage: the lease that fences writers, the pointer, the upload. */
@NullMarked
package dev.mezzotint.training.checkpoint;

import org.jspecify.annotations.NullMarked;
