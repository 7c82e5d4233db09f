/** Sampling on a CPU with ONNX Runtime. */
@NullMarked
package dev.mezzotint.onnx;

import org.jspecify.annotations.NullMarked;
