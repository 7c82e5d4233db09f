/** Measures how many workers the queued requests need and reports it to KEDA and Kubernetes. */
@NullMarked
package dev.mezzotint.autoscaling;

import org.jspecify.annotations.NullMarked;
