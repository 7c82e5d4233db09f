/** The job list, built from the request and event topics. */
@NullMarked
package dev.mezzotint.board;

import org.jspecify.annotations.NullMarked;
