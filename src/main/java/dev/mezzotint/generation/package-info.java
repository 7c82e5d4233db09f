/**
 * The generation job: a request becomes rows, rows become images, and images and a manifest become
 * a committed result. Uses no framework and no client library.
 */
@NullMarked
package dev.mezzotint.generation;

import org.jspecify.annotations.NullMarked;
