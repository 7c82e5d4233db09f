/** Root: configuration, wiring, health, metrics and the order of shutdown. */
@NullMarked
package dev.mezzotint.worker;

import org.jspecify.annotations.NullMarked;
