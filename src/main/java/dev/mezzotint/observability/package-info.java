/** Metrics, traces and logs of deliveries, sampling passes, training and object storage. */
@NullMarked
package dev.mezzotint.observability;

import org.jspecify.annotations.NullMarked;
