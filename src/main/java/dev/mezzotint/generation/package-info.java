/**
 * Use case: a generation request becomes rows, rows become pictures, pictures and a manifest become
 * a committed result. No framework, no client library.
 */
@NullMarked
package dev.mezzotint.generation;

import org.jspecify.annotations.NullMarked;
