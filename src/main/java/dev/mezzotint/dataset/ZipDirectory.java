package dev.mezzotint.dataset;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** The central directory of a zip file, which is at the end of the file. */
public final class ZipDirectory {
  private static final int END_BYTES = 22;
  private static final int END_SIGNATURE = 0x06054b50;

  private ZipDirectory() {}

  /**
   * The size of the directory as the file declares it. To be checked before untrusted input is
   * opened: the JDK reads the whole directory into memory, whatever its declared size.
   *
   * @return the largest possible reading; 0 if the file is not a zip
   */
  public static long declaredBytes(Path zip) throws IOException {
    long longest = 0;
    try (RandomAccessFile in = new RandomAccessFile(zip.toFile(), "r")) {
      int length = (int) Math.min(in.length(), END_BYTES + 0xFFFF);
      byte[] tail = new byte[length];
      in.seek(in.length() - length);
      in.readFully(tail);
      ByteBuffer end = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN);
      for (int at = length - END_BYTES; at >= 0; at--) {
        if (end.getInt(at) == END_SIGNATURE) {
          longest = Math.max(longest, end.getInt(at + 12) & 0xFFFFFFFFL);
        }
      }
    }
    return longest;
  }
}
