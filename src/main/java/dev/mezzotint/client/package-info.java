/**
 * The Java client: submits requests to a running system and follows their jobs. Used by producers
 * (as an artifact of its own, see {@code client/pom.xml}), by the command line and by HTTP. {@code
 * docs/messages.md} specifies the requests.
 */
@NullMarked
package dev.mezzotint.client;

import org.jspecify.annotations.NullMarked;
