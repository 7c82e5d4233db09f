package dev.mezzotint.training;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A long stream in which somebody asks now and then whether it is still wanted. */
final class CancellableStream extends FilterInputStream {
  private final DataCache.Check check;

  /**
   * @param check asked before each piece; may throw to end the reading
   */
  CancellableStream(InputStream in, DataCache.Check check) {
    super(in);
    this.check = check;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    check.run();
    return super.read(into, offset, length);
  }
}
