package dev.mezzotint.dataset;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** The list of what a zip holds, which stands at its end. */
public final class ZipDirectory {
  private static final int END_BYTES = 22;
  private static final int END_SIGNATURE = 0x06054b50;

  private ZipDirectory() {}

  /**
   * To be asked before a stranger's zip is opened: the JDK reads the whole list into memory,
   * however long it says that it is.
   *
   * @return the longest that the file may be read to say; 0 if it says nothing, and is no zip
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
