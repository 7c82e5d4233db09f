/**
 * The interface of the object store, and the layout of its keys. The S3 client is in {@code s3}.
 */
@NullMarked
package dev.mezzotint.storage;

import org.jspecify.annotations.NullMarked;
