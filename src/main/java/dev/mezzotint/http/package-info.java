/**
 * The REST front: resources of Quarkus REST, their access control and limits, and the live page.
 * Requests are checked by the parsers that check those of the topics.
 */
@NullMarked
package dev.mezzotint.http;

import org.jspecify.annotations.NullMarked;
