package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class PixelsTest {
  @Test
  void fromChw_convertsValuesToBytes() {
    float[] chw = {-1, 1, 0, -7, 7, 0.5f, Float.NaN, Float.POSITIVE_INFINITY, -0.004f};
    assertThat(unsigned(Pixels.fromChw(chw, 0, 1, 1, 9)))
        .containsExactly(0, 255, 128, 0, 255, 191, 0, 255, 127);
  }

  @Test
  void toChw_fromChw_keepsEveryByte() {
    byte[] bytes = new byte[3 * 256];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 7);
    }
    Pixels pixels = new Pixels(16, 16, 3, bytes);
    float[] chw = new float[5 + bytes.length];
    pixels.toChw(chw, 5);
    for (float x : chw) {
      assertThat(x).isBetween(-1f, 1f);
    }
    assertThat(Pixels.fromChw(chw, 5, 3, 16, 16).bytes()).isEqualTo(bytes);
  }

  @Test
  void fromChw_planesAreRedGreenBlue() {
    float[] out = new float[6];
    new Pixels(2, 1, 3, new byte[] {(byte) 255, 0, 0, 0, (byte) 255, 0}).toChw(out, 0);
    assertThat(out).containsExactly(1, -1, -1, 1, -1, -1);
  }

  @Test
  void constructor_invalidSizes_throws() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Pixels(2, 2, 3, new byte[11]));
    assertThatIllegalArgumentException().isThrownBy(() -> new Pixels(0, 2, 3, new byte[0]));
    assertThatIllegalArgumentException().isThrownBy(() -> new Pixels(1, 1, 2, new byte[2]));
  }

  @Test
  void grid_arrangesImagesRowByRow() {
    Pixels a = new Pixels(2, 1, 1, new byte[] {1, 2});
    Pixels b = new Pixels(2, 1, 1, new byte[] {3, 4});
    Pixels c = new Pixels(2, 1, 1, new byte[] {5, 6});
    Pixels grid = Grid.of(List.of(a, b, c), 2, 1);
    assertThat(grid.width()).isEqualTo(7);
    assertThat(grid.height()).isEqualTo(5);
    assertThat(unsigned(grid))
        .containsExactly(
            255, 255, 255, 255, 255, 255, 255, //
            255, 1, 2, 255, 3, 4, 255, //
            255, 255, 255, 255, 255, 255, 255, //
            255, 5, 6, 255, 255, 255, 255, //
            255, 255, 255, 255, 255, 255, 255);
    assertThat(Grid.square(List.of(a, b, c, a, b)).width()).isEqualTo(3 * 2 + 4 * 2);
  }

  @Test
  void grid_unequalOrNoImages_throws() {
    Pixels a = new Pixels(2, 1, 1, new byte[2]);
    Pixels tall = new Pixels(1, 2, 1, new byte[2]);
    assertThatIllegalArgumentException().isThrownBy(() -> Grid.of(List.of(a, tall), 2, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> Grid.of(List.of(), 2, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Grid.of(List.of(a, a), 2, 1_000_000))
        .withMessageContaining("too large");
  }

  private static int[] unsigned(Pixels pixels) {
    int[] values = new int[pixels.bytes().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = pixels.bytes()[i] & 0xFF;
    }
    return values;
  }
}
