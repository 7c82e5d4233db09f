package dev.mezzotint.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;

/**
 * One HTTP/1.1 message, byte for byte as it came, so that signatures over it still hold.
 *
 * @param head first line and headers with the empty line that ends them
 * @param body still in its transfer encoding
 */
record HttpMessage(byte[] head, byte[] body) {
  private static final int HEAD_BYTES_MAX = 64 << 10;

  /** Null at the end of the stream. */
  static byte[] readHead(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int ends = 0;
    while (ends < 4) {
      int b = in.read();
      if (b < 0) {
        if (head.size() == 0) {
          return null;
        }
        throw new EOFException("in the middle of a message's head");
      }
      head.write(b);
      ends = b == (ends % 2 == 0 ? '\r' : '\n') ? ends + 1 : b == '\r' ? 1 : 0;
      if (head.size() > HEAD_BYTES_MAX) {
        throw new IOException("a message's head is larger than " + HEAD_BYTES_MAX + " bytes");
      }
    }
    return head.toByteArray();
  }

  static HttpMessage readRequest(byte[] head, InputStream in) throws IOException {
    return new HttpMessage(head, readBody(head, in, /* untilEnd= */ false));
  }

  /** Null if the server closed the connection without an answer. */
  static HttpMessage readResponse(InputStream in, boolean toHead) throws IOException {
    byte[] head = readHead(in);
    if (head == null) {
      return null;
    }
    int status = status(head);
    boolean none = toHead || status == 204 || status == 304 || status < 200;
    return new HttpMessage(head, none ? new byte[0] : readBody(head, in, /* untilEnd= */ true));
  }

  private static byte[] readBody(byte[] head, InputStream in, boolean untilEnd) throws IOException {
    String length = header(head, "content-length");
    if (!length.isEmpty()) {
      return in.readNBytes(Integer.parseInt(length));
    }
    if (header(head, "transfer-encoding").toLowerCase(Locale.ROOT).contains("chunked")) {
      return readChunks(in);
    }
    return untilEnd ? in.readAllBytes() : new byte[0];
  }

  private static byte[] readChunks(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (true) {
      String line = line(in, all);
      int size = Integer.parseInt(line.split(";", -1)[0].strip(), 16);
      if (size == 0) {
        while (!line.isEmpty()) {
          line = line(in, all); // trailers, and the empty line behind them
        }
        return all.toByteArray();
      }
      all.write(in.readNBytes(size + 2));
    }
  }

  private static String line(InputStream in, ByteArrayOutputStream copy) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("in the middle of a chunk");
      }
      copy.write(b);
      line.append((char) b);
    }
    copy.write('\n');
    return line.toString().strip();
  }

  static int status(byte[] head) {
    return Integer.parseInt(firstLine(head)[1]);
  }

  static String[] firstLine(byte[] head) {
    return new String(head, ISO_8859_1).lines().findFirst().orElse("").split(" ", 3);
  }

  /** Empty if absent. */
  static String header(byte[] head, String name) {
    return new String(head, ISO_8859_1)
        .lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElse("");
  }
}
