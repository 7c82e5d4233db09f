/**
 * What every job has, whatever it does: its id, its delivery from the request topic, its events,
 * and the errors that decide between 'refuse' and 'try again'. Imports {@code java.*} and {@code
 * json} only.
 */
@NullMarked
package dev.mezzotint.job;

import org.jspecify.annotations.NullMarked;
