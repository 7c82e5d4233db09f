package dev.mezzotint.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * The live page's files, which are part of the artifact. Immutable, safe for use by many threads.
 */
final class StaticAssets {
  private static final List<String> FILES =
      List.of(
          "index.html",
          "page.css",
          "page.js",
          "api.js",
          "board.js",
          "detail.js",
          "form.js",
          "chart.js",
          "figure.js",
          "iadb.js",
          "icon.svg");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");

  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final String tag;

  StaticAssets() {
    CRC32 sum = new CRC32();
    for (String name : FILES) {
      byte[] bytes = read(name);
      files.put(name, bytes);
      sum.update(bytes);
    }
    tag = "\"" + Long.toHexString(sum.getValue()) + "\"";
  }

  private static byte[] read(String name) {
    try (InputStream in = StaticAssets.class.getResourceAsStream("/page/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the artifact lacks /page/" + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file at this path; empty for any other path. */
  Optional<HttpResponse> file(HttpRequest call) {
    String name = call.path().equals("/") ? "index.html" : call.path().replaceFirst("^/page/", "");
    byte[] bytes = files.get(name);
    if (bytes == null || (call.path().equals("/" + name) && !call.path().equals("/"))) {
      return Optional.empty();
    }
    String type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "text/plain");
    boolean known = call.header("if-none-match").filter(tag::equals).isPresent();
    HttpResponse answer =
        HttpResponse.of(
            known ? 304 : 200,
            type.toLowerCase(Locale.ROOT),
            new HttpResponse.Bytes(known ? NONE : bytes));
    // Asked for again every time, so that no page is older than the worker that serves it.
    return Optional.of(answer.with("Cache-Control", "no-cache").with("ETag", tag));
  }

  private static final byte[] NONE = {};
}
