package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.JsonObject;
import io.quarkus.arc.Arc;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;

/** Plain HTTP/1.1 to the application under test, also with headers that clients do not let set. */
public final class Http {
  private Http() {}

  /** The holder of the application under test. */
  public static RunningFront running() {
    return Arc.container().instance(RunningFront.class).get();
  }

  public static int port() {
    return ConfigProvider.getConfig().getValue("quarkus.http.test-port", Integer.class);
  }

  /**
   * An answer.
   *
   * @param headers by name in lower case
   */
  record Answer(int status, Map<String, String> headers, byte[] body) {
    JsonObject json() {
      return JsonObject.parse(body);
    }
  }

  static Answer get(String path) throws IOException {
    return call("GET", path, Map.of(), "");
  }

  static Answer post(String path, String body) throws IOException {
    return call("POST", path, Map.of(), body);
  }

  /** Without the headers that a body has. */
  static Answer bare(String method, String path, Map<String, String> headers) throws IOException {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("content-type", "");
    all.put("content-length", "");
    all.putAll(headers);
    return call(method, path, all, "");
  }

  /** The first events of a stream, as text. */
  static List<String> events(String path, int count) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port()));
      socket.setSoTimeout(20_000);
      socket
          .getOutputStream()
          .write(("GET " + path + " HTTP/1.1\r\nhost: localhost:8080\r\n\r\n").getBytes(UTF_8));
      StringBuilder text = new StringBuilder();
      InputStream in = socket.getInputStream();
      List<String> events = List.of();
      while (events.size() < count) {
        int next = in.read();
        if (next < 0) {
          throw new IOException("the stream has ended: " + text);
        }
        text.append((char) next);
        if (next == '\n') {
          String unchunked = text.toString().replaceAll("(?m)^[0-9a-f]*\r\n", "");
          List<String> parts = List.of(unchunked.split("\n\n", -1));
          events = parts.subList(0, parts.size() - 1); // the last one is not complete
        }
      }
      return events;
    }
  }

  static Answer call(String method, String path, Map<String, String> more, String body)
      throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("host", "localhost:8080");
    headers.put("connection", "close");
    if (method.equals("POST")) {
      headers.put("content-type", "application/json");
      headers.put("content-length", Integer.toString(body.getBytes(UTF_8).length));
    }
    headers.putAll(more);
    StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
    headers.values().removeIf(String::isEmpty);
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port()));
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write((head + "\r\n" + body).getBytes(UTF_8));
      return read(socket.getInputStream().readAllBytes());
    }
  }

  private static Answer read(byte[] all) throws IOException {
    String text = new String(all, ISO_8859_1);
    int end = text.indexOf("\r\n\r\n");
    String[] head = text.substring(0, end).split("\r\n", -1);
    Map<String, String> headers = new LinkedHashMap<>();
    for (int i = 1; i < head.length; i++) {
      String[] header = head[i].split(": ", 2);
      headers.merge(header[0].toLowerCase(Locale.ROOT), header[1], (a, b) -> a + ", " + b);
    }
    byte[] body = Arrays.copyOfRange(all, end + 4, all.length);
    return new Answer(
        Integer.parseInt(head[0].split(" ", 3)[1]),
        headers,
        headers.containsKey("transfer-encoding") ? unchunked(body) : body);
  }

  private static byte[] unchunked(byte[] chunks) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    InputStream in = new ByteArrayInputStream(chunks);
    while (true) {
      StringBuilder size = new StringBuilder();
      for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
        size.append((char) c);
      }
      int length = size.isEmpty() ? 0 : Integer.parseInt(size.toString().strip(), 16);
      if (length == 0) {
        return body.toByteArray();
      }
      body.write(in.readNBytes(length));
      in.readNBytes(2);
    }
  }
}
