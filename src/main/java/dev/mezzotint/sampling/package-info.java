/**
 * The sampling engine: the step loop that owns the device, the policy that chooses the rows of each
 * pass, and the models that are loaded. Depends on the method ({@code iadb}), networks and model
 * folders; knows nothing of requests, queues or object storage.
 */
@NullMarked
package dev.mezzotint.sampling;

import org.jspecify.annotations.NullMarked;
