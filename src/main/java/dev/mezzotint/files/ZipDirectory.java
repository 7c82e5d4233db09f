package dev.mezzotint.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The central directory of a zip file, which is at the end of the file. */
public final class ZipDirectory {
  private static final int END_BYTES = 22;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int LOCATOR_BYTES = 20;
  private static final int LOCATOR_SIGNATURE = 0x07064b50;
  private static final int END64_BYTES = 56;
  private static final long IN_ZIP64 = 0xFFFFFFFFL;

  private ZipDirectory() {}

  /**
   * The size of the directory as the file declares it. To be checked before untrusted input is
   * opened: the JDK reads the whole directory into memory, whatever its declared size.
   *
   * @return the largest possible reading; 0 if the file is not a zip
   */
  public static long declaredBytes(Path zip) throws IOException {
    long longest = 0;
    try (FileChannel in = FileChannel.open(zip)) {
      int length = (int) Math.min(in.size(), LOCATOR_BYTES + END_BYTES + 0xFFFF);
      ByteBuffer tail = read(in, in.size() - length, length);
      for (int at = tail.limit() - END_BYTES; at >= 0; at--) {
        if (tail.getInt(at) == END_SIGNATURE) {
          long size = tail.getInt(at + 12) & IN_ZIP64;
          longest = Math.max(longest, size == IN_ZIP64 ? zip64Bytes(in, tail, at) : size);
        }
      }
    }
    return longest;
  }

  /** The size in the larger end record, which the locator before the ordinary one points to. */
  private static long zip64Bytes(FileChannel in, ByteBuffer tail, int end) throws IOException {
    int locator = end - LOCATOR_BYTES;
    if (locator < 0 || tail.getInt(locator) != LOCATOR_SIGNATURE) {
      return IN_ZIP64;
    }
    ByteBuffer end64 = read(in, Math.max(0, tail.getLong(locator + 8)), END64_BYTES);
    long size = end64.limit() < END64_BYTES ? -1 : end64.getLong(40);
    return size < 0 ? Long.MAX_VALUE : size;
  }

  private static ByteBuffer read(FileChannel in, long from, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining() && in.read(bytes, from + bytes.position()) >= 0) {
      // until the end
    }
    return bytes.flip();
  }
}
