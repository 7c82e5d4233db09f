/** The worker: configuration, wiring of the roles, health, metrics, start and shutdown. */
@NullMarked
package dev.mezzotint.worker;

import org.jspecify.annotations.NullMarked;
