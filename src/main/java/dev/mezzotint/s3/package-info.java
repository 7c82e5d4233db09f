/** The object store as a client of S3-compatible stores, by the MinIO client. */
@NullMarked
package dev.mezzotint.s3;

import org.jspecify.annotations.NullMarked;
