/**
 * What all kinds of jobs have in common: id, delivery from the request topic, events, and the
 * exceptions that distinguish invalid input from transient failures. Depends on {@code json} only.
 */
@NullMarked
package dev.mezzotint.job;

import org.jspecify.annotations.NullMarked;
