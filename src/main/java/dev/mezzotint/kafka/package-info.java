/** Adapter: requests come from, and events go to, Kafka, by the plain client. */
@NullMarked
package dev.mezzotint.kafka;

import org.jspecify.annotations.NullMarked;
