package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class HalfFloatsTest {
  /** sign · 2^e · m from the definition, in exact double arithmetic: independent of bit tricks. */
  private static double halfByDefinition(int half) {
    double sign = (half & 0x8000) == 0 ? 1 : -1;
    int exponent = half >> 10 & 31;
    int fraction = half & 1023;
    if (exponent == 31) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * fraction * Math.pow(2, -24)
        : sign * (1 + fraction / 1024.0) * Math.pow(2, exponent - 15);
  }

  /** Nearest of all halves by exact distance, ties to the even pattern; 2¹⁶ means infinity. */
  private static int nearestHalf(float value) {
    BigDecimal target = new BigDecimal(Math.abs(value));
    int low = 0;
    int high = 0x7c00;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (new BigDecimal(halfByDefinition(middle)).compareTo(target) <= 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    BigDecimal above = high == 0x7c00 ? new BigDecimal(65536) : exact(high);
    int side = target.subtract(exact(low)).compareTo(above.subtract(target));
    int magnitude = side < 0 || (side == 0 && low % 2 == 0) ? low : high;
    return magnitude | (Float.floatToRawIntBits(value) < 0 ? 0x8000 : 0);
  }

  private static BigDecimal exact(int half) {
    return new BigDecimal(halfByDefinition(half));
  }

  @Test
  void everyHalf_roundTripsThroughFloat() {
    for (int half = 0; half < 65536; half++) {
      float value = HalfFloats.fromHalf(half);
      double expected = halfByDefinition(half);
      if (Double.isNaN(expected)) {
        assertThat(value).isNaN();
        assertThat(HalfFloats.toHalf(value)).isEqualTo(half | 0x200);
      } else {
        assertThat((double) value).isEqualTo(expected);
        assertThat(HalfFloats.toHalf(value)).isEqualTo(half);
      }
    }
  }

  @Test
  void toHalf_roundsToNearest_tiesToEven() {
    for (int half = 0; half < 0x7c00; half++) {
      double above = half == 0x7bff ? 65536 : halfByDefinition(half + 1);
      float tie = (float) ((halfByDefinition(half) + above) / 2);
      for (float value : new float[] {tie, Math.nextUp(tie), Math.nextDown(tie), -tie}) {
        assertThat(HalfFloats.toHalf(value)).as("%a", value).isEqualTo(nearestHalf(value));
      }
    }
  }

  @Test
  void toHalf_ofRandomFloats_equalsTheDefinition() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 20_000; i++) {
      // Exponents around the half's whole range, also below and above it.
      int bits = random.nextInt(2) << 31 | 95 + random.nextInt(52) << 23 | random.nextInt(1 << 23);
      float value = Float.intBitsToFloat(bits);
      int expected = Math.abs(value) >= 65536 ? (value < 0 ? 0xfc00 : 0x7c00) : nearestHalf(value);
      assertThat(HalfFloats.toHalf(value)).as("%a", value).isEqualTo(expected);
    }
  }

  @Test
  void extremes_keepTheirMeaning() {
    assertThat(HalfFloats.toHalf(65504f)).isEqualTo(0x7bff);
    assertThat(HalfFloats.toHalf(65519.996f)).isEqualTo(0x7bff);
    assertThat(HalfFloats.toHalf(65520f)).isEqualTo(0x7c00);
    assertThat(HalfFloats.toHalf(Float.NEGATIVE_INFINITY)).isEqualTo(0xfc00);
    assertThat(HalfFloats.toHalf(-0f)).isEqualTo(0x8000);
    assertThat(HalfFloats.toHalf(Float.MIN_VALUE)).isZero();
    assertThat(HalfFloats.toHalf(0x1p-25f)).isZero();
    assertThat(HalfFloats.toHalf(Math.nextUp(0x1p-25f))).isEqualTo(1);
    assertThat(HalfFloats.fromHalf(HalfFloats.toHalf(Float.intBitsToFloat(0x7f800001)))).isNaN();
    assertThat(HalfFloats.fromBfloat16(HalfFloats.toBfloat16(Float.intBitsToFloat(0x7f800001))))
        .isNaN();
  }

  @Test
  void everyBfloat16_roundTrips_andTiesGoToEven() {
    for (int b = 0; b < 65536; b++) {
      float value = HalfFloats.fromBfloat16(b);
      if (Float.isNaN(value)) {
        assertThat(HalfFloats.fromBfloat16(HalfFloats.toBfloat16(value))).isNaN();
        continue;
      }
      assertThat(HalfFloats.toBfloat16(value)).isEqualTo(b);
      if (Float.isInfinite(value)) {
        continue;
      }
      float tie = Float.intBitsToFloat(b << 16 | 0x8000);
      float beyond = Float.intBitsToFloat(b << 16 | 0x8001);
      float before = Float.intBitsToFloat(b << 16 | 0x7fff);
      assertThat(HalfFloats.toBfloat16(tie)).isEqualTo(b + (b & 1));
      assertThat(HalfFloats.toBfloat16(beyond)).isEqualTo(b + 1);
      assertThat(HalfFloats.toBfloat16(before)).isEqualTo(b);
    }
  }
}
