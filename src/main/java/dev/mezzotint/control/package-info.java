/**
 * Requests that are still queued: cancels and expires them, republishes requests that the broker
 * dropped, and removes objects that belong to no job.
 */
@NullMarked
package dev.mezzotint.control;

import org.jspecify.annotations.NullMarked;
