package dev.mezzotint.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An array of numbers with a shape: little-endian, C-contiguous (the last index varies fastest).
 *
 * <p>Immutable, and safe for several threads, as long as the buffer that it was created from is not
 * written to. Need not be closed. A tensor read from a file may be a read-only mapping of that
 * file: a native library that receives the buffer as memory must not write to it, and the file must
 * be replaced, never overwritten, while the tensor is in use.
 */
public final class Tensor {
  private final DType dtype;
  private final long[] shape;
  private final ByteBuffer bytes;

  /**
   * @param shape no axis negative; empty for a single number
   * @param bytes exactly the elements, from position to limit; not copied
   * @throws IllegalArgumentException if shape and bytes do not agree
   */
  public Tensor(DType dtype, long[] shape, ByteBuffer bytes) {
    this.dtype = dtype;
    this.shape = shape.clone();
    this.bytes = bytes.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    long expected = byteSize(dtype, this.shape);
    if (expected != this.bytes.remaining()) {
      throw new IllegalArgumentException(
          describe(dtype, shape) + " takes " + expected + " bytes, not " + this.bytes.remaining());
    }
  }

  public static Tensor ofFloats(float[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, 4)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new Tensor(DType.F32, shape, bytes);
  }

  public DType dtype() {
    return dtype;
  }

  public long[] shape() {
    return shape.clone();
  }

  /** A read-only little-endian view of all elements, with its own position. */
  public ByteBuffer bytes() {
    return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  public long elements() {
    return bytes.remaining() / dtype.byteSize();
  }

  /** All elements as float32, converted where they are stored otherwise; true is 1. */
  public float[] toFloats() {
    ByteBuffer b = bytes();
    float[] values = new float[(int) elements()];
    if (dtype == DType.F32) {
      b.asFloatBuffer().get(values);
      return values;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = next(b);
    }
    return values;
  }

  private float next(ByteBuffer b) {
    return switch (dtype) {
      case F64 -> (float) b.getDouble();
      case F32 -> b.getFloat();
      case F16 -> HalfFloats.fromHalf(b.getShort() & 0xffff);
      case BF16 -> HalfFloats.fromBfloat16(b.getShort() & 0xffff);
      case I64 -> b.getLong();
      case I32 -> b.getInt();
      case I16 -> b.getShort();
      case I8 -> b.get();
      case U8 -> b.get() & 0xff;
      case BOOL -> b.get() == 0 ? 0 : 1;
    };
  }

  /**
   * The same numbers as F32, F16 or BF16, rounded to nearest, ties to even. A number too large for
   * the target becomes infinite. F64 and integers are rounded to float32 first.
   */
  public Tensor to(DType target) {
    if (target == dtype) {
      return this;
    }
    float[] values = toFloats();
    if (target == DType.F32) {
      return ofFloats(values, shape);
    }
    if (target != DType.F16 && target != DType.BF16) {
      throw new IllegalArgumentException("no conversion to " + target);
    }
    ByteBuffer narrow = ByteBuffer.allocate(values.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      int half = target == DType.F16 ? HalfFloats.toHalf(value) : HalfFloats.toBfloat16(value);
      narrow.putShort((short) half);
    }
    return new Tensor(target, shape, narrow.flip());
  }

  /** Number of bytes, or an exception when it does not fit a long. */
  static long byteSize(DType dtype, long[] shape) {
    long size = dtype.byteSize();
    boolean empty = false;
    for (long axis : shape) {
      if (axis < 0) {
        throw new IllegalArgumentException("negative axis in " + describe(dtype, shape));
      }
      empty |= axis == 0;
    }
    if (empty) {
      return 0;
    }
    for (long axis : shape) {
      try {
        size = Math.multiplyExact(size, axis);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(describe(dtype, shape) + " is too large", e);
      }
    }
    return size;
  }

  static String describe(DType dtype, long[] shape) {
    return dtype + " " + Arrays.toString(shape);
  }

  /** Same type, shape and bytes (so NaN equals the same NaN, and 0 differs from −0). */
  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor that
        && dtype == that.dtype
        && Arrays.equals(shape, that.shape)
        && bytes.equals(that.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dtype.hashCode() + Arrays.hashCode(shape)) + bytes.hashCode();
  }

  @Override
  public String toString() {
    return "Tensor[" + describe(dtype, shape) + "]";
  }
}
