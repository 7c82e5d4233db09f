/**
 * The HTTP front and the live page, without a server: calls come in as values and go out as values,
 * and whatever server there is carries them ({@code worker}). Sees the nouns and the requests' own
 * readers, so that a request over HTTP is checked by the code that checks one from a topic.
 */
@NullMarked
package dev.mezzotint.http;

import org.jspecify.annotations.NullMarked;
