package dev.mezzotint.network;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes the file that libtorch loads as a module: a zip of the module's code and state, here an
 * object of class {@code __torch__.Net} whose only attribute is {@code training = False}. Weights
 * are arguments of its methods, so one archive serves any weights, precision and device.
 *
 * <p>Layout: {@code net/code/__torch__.py}, {@code net/data.pkl}, {@code net/constants.pkl}, {@code
 * net/version}, all uncompressed.
 */
final class TorchScriptArchive {
  private static final LocalDateTime EPOCH = LocalDateTime.of(1980, 1, 1, 0, 0);

  private TorchScriptArchive() {}

  /** Pickle, protocol 2: the class, no arguments, new object, state {"training": False}, build. */
  private static final byte[] DATA =
      ("\u0080\u0002c__torch__\nNet\n)\u0081}(X\b\0\0\0training\u0089ub.")
          .getBytes(StandardCharsets.ISO_8859_1);

  /** Pickle of the empty tuple: the code refers to no tensor constants. */
  private static final byte[] CONSTANTS = "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1);

  /**
   * Writes an archive; equal methods give equal bytes.
   *
   * @param methods the {@code def}s of the class in TorchScript's serialized dialect, indented by
   *     two spaces
   */
  static byte[] write(String methods) {
    String code =
        "class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
            + methods;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "net/data.pkl", DATA);
      store(zip, "net/code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
      store(zip, "net/constants.pkl", CONSTANTS);
      store(zip, "net/version", "3\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTimeLocal(EPOCH); // for reproducible bytes
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
