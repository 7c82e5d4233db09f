/** The embedded default: a real Kafka broker and a real S3 server in a child JVM. */
@NullMarked
package dev.mezzotint.local;

import org.jspecify.annotations.NullMarked;
