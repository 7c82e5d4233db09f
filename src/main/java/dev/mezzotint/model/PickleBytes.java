package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The operands of a pickle's instructions. Every method throws {@link BufferUnderflowException}
 * where the pickle is cut off.
 */
final class PickleBytes {
  private static final int LINE_BYTES_MAX = 512;

  private final ByteBuffer in;

  PickleBytes(byte[] pickle) {
    in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  boolean hasRemaining() {
    return in.hasRemaining();
  }

  int remaining() {
    return in.remaining();
  }

  int uint8() {
    return in.get() & 0xff;
  }

  long uint16() {
    return in.getShort() & 0xffff;
  }

  long int32() {
    return in.getInt();
  }

  long uint32() {
    return in.getInt() & 0xffffffffL;
  }

  long int64() {
    return in.getLong();
  }

  /** Big-endian, unlike all other numbers in a pickle. */
  double float64() {
    return Double.longBitsToDouble(Long.reverseBytes(in.getLong()));
  }

  byte[] bytes(long length) {
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return bytes;
  }

  String text(long length) {
    return new String(bytes(length), StandardCharsets.UTF_8);
  }

  String line() {
    int start = in.position();
    while (in.get() != '\n') {
      if (in.position() - start > LINE_BYTES_MAX) {
        throw new InvalidInputException(
            "", "the pickle has a name of more than " + LINE_BYTES_MAX + " bytes");
      }
    }
    return new String(in.array(), start, in.position() - 1 - start, StandardCharsets.UTF_8);
  }

  /**
   * Two's complement, little-endian; a {@code Long}, or a {@code BigInteger} that is never used.
   */
  Object integer(int length) {
    byte[] little = bytes(length);
    if (little.length == 0) {
      return 0L;
    }
    byte[] big = new byte[little.length];
    for (int i = 0; i < big.length; i++) {
      big[i] = little[little.length - 1 - i];
    }
    BigInteger value = new BigInteger(big);
    return value.bitLength() < 64 ? (Object) value.longValue() : (Object) value;
  }
}
