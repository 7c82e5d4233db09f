package dev.mezzotint.image;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;

/** Files that other programs wrote, and their pixels: src/test/resources/reference-images. */
public final class ReferenceImages {
  private static final Map<String, byte[]> ENTRIES = load();

  private ReferenceImages() {}

  private static Map<String, byte[]> load() {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    Path file = Path.of("src/test/resources/reference-images/images.gz");
    try (DataInputStream in =
        new DataInputStream(new GZIPInputStream(Files.newInputStream(file)))) {
      for (int length = in.read(); length >= 0; length = in.read()) {
        String name = new String(in.readNBytes(length << 8 | in.read()), "US-ASCII");
        entries.put(name, in.readNBytes(in.readInt()));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return entries;
  }

  public static byte[] file(String name) {
    return ENTRIES.get(name).clone();
  }

  static List<String> names(Predicate<String> wanted) {
    return ENTRIES.keySet().stream().filter(n -> !n.endsWith(".rgb")).filter(wanted).toList();
  }

  static Pixels expected(String name) {
    java.nio.ByteBuffer rgb = java.nio.ByteBuffer.wrap(ENTRIES.get(name + ".rgb"));
    int width = rgb.getInt();
    int height = rgb.getInt();
    byte[] bytes = new byte[rgb.remaining()];
    rgb.get(bytes);
    return new Pixels(width, height, 3, bytes);
  }
}
