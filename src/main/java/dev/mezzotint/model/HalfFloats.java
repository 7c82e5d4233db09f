package dev.mezzotint.model;

/**
 * Converts IEEE binary16 and bfloat16, as 16-bit patterns in the low half of an int, from and to
 * {@code float}. Narrowing rounds to nearest, ties to even, overflows to infinity and keeps NaN.
 */
final class HalfFloats {
  private HalfFloats() {}

  static float fromHalf(int half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | 0x7f800000 | (fraction << 13));
    }
    if (exponent == 0) {
      // Subnormal: fraction · 2⁻²⁴, exact in a float.
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    return Float.intBitsToFloat(sign | ((exponent + (127 - 15)) << 23) | (fraction << 13));
  }

  static int toHalf(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      // The quiet bit is set, so that a payload in the lost bits alone stays a NaN.
      return sign | 0x7c00 | 0x200 | ((magnitude >>> 13) & 0x3ff);
    }
    if (magnitude >= 0x47800000) {
      return sign | 0x7c00; // 2¹⁶ and above
    }
    if (magnitude >= 0x38800000) {
      // Normal, at least 2⁻¹⁴: rounding may carry into the exponent, also up to infinity.
      int rebased = magnitude - ((127 - 15) << 23);
      return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
    }
    if (magnitude <= 0x33000000) {
      return sign; // up to 2⁻²⁵, half of the smallest subnormal: the tie goes to even, zero
    }
    int shift = 126 - (magnitude >>> 23);
    int fraction = (magnitude & 0x7fffff) | 0x800000;
    int half = fraction >>> shift;
    int rest = fraction & ((1 << shift) - 1);
    int tie = 1 << (shift - 1);
    boolean up = rest > tie || (rest == tie && (half & 1) == 1);
    return sign | (half + (up ? 1 : 0));
  }

  static float fromBfloat16(int bfloat16) {
    return Float.intBitsToFloat(bfloat16 << 16);
  }

  static int toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fffffff) > 0x7f800000) {
      return (bits >>> 16) | 0x40;
    }
    return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
}
