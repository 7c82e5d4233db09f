package dev.mezzotint.model;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes pickles opcode by opcode, and archives that contain them, as an attacker could. */
final class PickleFile {
  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  private final Map<String, byte[]> entries = new LinkedHashMap<>();

  static PickleFile begin() {
    return new PickleFile().raw(0x80, 2);
  }

  PickleFile raw(int... opcodes) {
    for (int opcode : opcodes) {
      pickle.write(opcode);
    }
    return this;
  }

  PickleFile op(String opcodes) {
    pickle.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  PickleFile text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    pickle.write('X');
    pickle.writeBytes(little(4).putInt(utf8.length).array());
    pickle.writeBytes(utf8);
    return this;
  }

  PickleFile integer(int value) {
    pickle.write('J');
    pickle.writeBytes(little(4).putInt(value).array());
    return this;
  }

  PickleFile tuple(int... values) {
    op("(");
    for (int value : values) {
      integer(value);
    }
    return op("t");
  }

  /** A view of a float32 storage with this key. */
  PickleFile tensor(String key, int elements, int offset, int[] sizes, int[] strides) {
    op("ctorch._utils\n_rebuild_tensor_v2\n(").storage("FloatStorage", key, elements);
    return integer(offset)
        .tuple(sizes)
        .tuple(strides)
        .raw(0x89)
        .op("ccollections\nOrderedDict\n)RtR");
  }

  PickleFile storage(String type, String key, int elements) {
    op("(").text("storage").op("ctorch\n" + type + "\n").text(key).text("cuda:0");
    return integer(elements).op("tQ");
  }

  PickleFile floats(String key, float... values) {
    ByteBuffer bytes = little(values.length * 4);
    bytes.asFloatBuffer().put(values);
    return entry("w/data/" + key, bytes.array());
  }

  PickleFile entry(String name, byte[] bytes) {
    entries.put(name, bytes);
    return this;
  }

  /** Writes the archive with the pickle as its {@code data.pkl}. */
  Path write(Path file) {
    entries.putIfAbsent("w/data.pkl", pickle.toByteArray());
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        ZipEntry header = new ZipEntry(entry.getKey());
        CRC32 crc = new CRC32();
        crc.update(entry.getValue());
        header.setSize(entry.getValue().length);
        header.setCrc(crc.getValue());
        zip.putNextEntry(header);
        zip.write(entry.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
