package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class TensorTest {
  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void toFloats_convertsEveryType() {
    assertThat(floats(DType.F64, little(16).putDouble(1.5).putDouble(-2e300)))
        .containsExactly(1.5f, Float.NEGATIVE_INFINITY);
    assertThat(floats(DType.F32, little(8).putFloat(0.1f).putFloat(Float.NaN)))
        .containsExactly(0.1f, Float.NaN);
    assertThat(floats(DType.F16, little(4).putShort((short) 0x3c00).putShort((short) 0xc000)))
        .containsExactly(1, -2);
    assertThat(floats(DType.BF16, little(4).putShort((short) 0x3f80).putShort((short) 0xbfc0)))
        .containsExactly(1, -1.5f);
    assertThat(floats(DType.I64, little(16).putLong(-7).putLong(1L << 40)))
        .containsExactly(-7, 0x1p40f);
    assertThat(floats(DType.I32, little(8).putInt(-7).putInt(9))).containsExactly(-7, 9);
    assertThat(floats(DType.I16, little(4).putShort((short) -7).putShort((short) 9)))
        .containsExactly(-7, 9);
    assertThat(floats(DType.I8, little(2).put((byte) -7).put((byte) 9))).containsExactly(-7, 9);
    assertThat(floats(DType.U8, little(2).put((byte) 255).put((byte) 9))).containsExactly(255, 9);
    assertThat(floats(DType.BOOL, little(2).put((byte) 1).put((byte) 0))).containsExactly(1, 0);
  }

  private static float[] floats(DType dtype, ByteBuffer written) {
    return new Tensor(dtype, new long[] {2}, written.flip()).toFloats();
  }

  @Test
  void to_narrowsAndWidens() {
    Tensor wide = Tensor.ofFloats(new float[] {1, -0.1f, 70000, 1e-8f, Float.NaN, 3}, 2, 3);
    Tensor half = wide.to(DType.F16);
    assertThat(half.dtype()).isEqualTo(DType.F16);
    assertThat(half.shape()).containsExactly(2, 3);
    assertThat(half.to(DType.F32).toFloats())
        .containsExactly(1, -0.099975586f, Float.POSITIVE_INFINITY, 0, Float.NaN, 3);
    assertThat(wide.to(DType.BF16).to(DType.F32).toFloats())
        .containsExactly(1, -0.100097656f, 70144, 1.0011718e-8f, Float.NaN, 3);
    assertThat(half.to(DType.BF16).elements()).isEqualTo(6);
    assertThatThrownBy(() -> wide.to(DType.I64)).hasMessageContaining("I64");
  }

  @Test
  void shapeAndBytes_mustAgree() {
    assertThat(new Tensor(DType.F32, new long[0], little(4)).elements()).isEqualTo(1);
    assertThat(new Tensor(DType.F32, new long[] {0, Long.MAX_VALUE, 9}, little(0)).elements())
        .isZero();
    assertThatThrownBy(() -> new Tensor(DType.F32, new long[] {2}, little(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("F32 [2] takes 8 bytes, not 4");
    assertThatThrownBy(() -> new Tensor(DType.F32, new long[] {-1}, little(0)))
        .hasMessageContaining("negative");
    assertThatThrownBy(() -> new Tensor(DType.F32, new long[] {1L << 32, 1L << 32}, little(0)))
        .hasMessageContaining("too large");
  }

  @Test
  void tensor_isImmutable() {
    Tensor tensor = Tensor.ofFloats(new float[] {1, 2}, 2);
    tensor.shape()[0] = 99;
    tensor.bytes().getFloat();
    assertThat(tensor.shape()).containsExactly(2);
    assertThat(tensor.bytes().remaining()).isEqualTo(8);
    assertThat(tensor.bytes().isReadOnly()).isTrue();
    assertThat(tensor).isEqualTo(Tensor.ofFloats(new float[] {1, 2}, 2));
    assertThat(tensor).isNotEqualTo(Tensor.ofFloats(new float[] {1, 2}, 1, 2));
    assertThat(tensor).isNotEqualTo(Tensor.ofFloats(new float[] {1, 3}, 2));
  }
}
