/**
 * The object store as a port, and the layout of its keys. Imports {@code java.*} and {@code job}'s
 * errors only; the S3 client lives in {@code s3}.
 */
@NullMarked
package dev.mezzotint.storage;

import org.jspecify.annotations.NullMarked;
