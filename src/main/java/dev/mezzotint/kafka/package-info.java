/** Kafka adapter: request queues, control topic, events and dead letters, on the plain client. */
@NullMarked
package dev.mezzotint.kafka;

import org.jspecify.annotations.NullMarked;
