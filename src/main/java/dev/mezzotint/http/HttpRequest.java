package dev.mezzotint.http;

import java.util.Map;
import java.util.Optional;

/**
 * One call as it came.
 *
 * @param path beginning with {@code /}, without dot segments; what is reserved is still escaped
 * @param query the first value of each name, decoded
 * @param headers by name in lower case
 * @param body empty where there is none; not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
public record HttpRequest(
    String method,
    String path,
    Map<String, String> query,
    Map<String, String> headers,
    byte[] body) {

  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name)).map(String::strip).filter(s -> !s.isEmpty());
  }

  Optional<String> query(String name) {
    return Optional.ofNullable(query.get(name)).filter(s -> !s.isEmpty());
  }

  boolean changes() {
    return !method.equals("GET") && !method.equals("HEAD");
  }
}
