package dev.mezzotint.http;

import dev.mezzotint.json.JsonText;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a call is answered with.
 *
 * @param headers in their order
 */
public record HttpResponse(int status, Map<String, String> headers, Body body) {
  static final String JSON = "application/json";

  /** The content. */
  public sealed interface Body {}

  /** All of it; not to be changed. */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Bytes(byte[] bytes) implements Body {}

  /**
   * Some megabytes perhaps; whoever writes the answer closes the stream.
   *
   * @param length in bytes
   */
  public record Stream(InputStream in, long length) implements Body {}

  static HttpResponse of(int status, String type, Body body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", type);
    return new HttpResponse(status, headers, body);
  }

  /** Members in the map's own order. */
  static HttpResponse json(int status, Map<String, ?> members) {
    return of(status, JSON, new Bytes(JsonText.writeInOrder(members)))
        .with("Cache-Control", "no-store");
  }

  /** A refusal, in the form that all of them have. */
  public static HttpResponse refusal(int status, String field, String message) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("field", field);
    members.put("message", message);
    return json(status, members);
  }

  /** The same with another header. */
  public HttpResponse with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new HttpResponse(status, more, body);
  }
}
