/** How many workers the queued requests need, and the external scaler that reports it to KEDA. */
@NullMarked
package dev.mezzotint.autoscaling;

import org.jspecify.annotations.NullMarked;
