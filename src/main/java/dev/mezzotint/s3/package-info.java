/** Adapter: the object store over the MinIO client. */
@NullMarked
package dev.mezzotint.s3;

import org.jspecify.annotations.NullMarked;
