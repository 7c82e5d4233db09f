/**
 * For producers in Java: requests as records, sent to a running system, and their jobs followed to
 * the end. What a request may say is in {@code docs/messages.md}; it is checked here by the code
 * that checks it there, so that what is wrong is said before anything is sent.
 */
@NullMarked
package dev.mezzotint.client;

import org.jspecify.annotations.NullMarked;
