package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResizeTest {
  @Test
  void sameSize_returnsTheSameImage() {
    Pixels pixels = grey(2, 2, 1, 2, 3, 4);
    assertThat(Resize.cover(pixels, 2, 2)).isSameAs(pixels);
  }

  @Test
  void shrinking_averagesTheArea() {
    Pixels half = Resize.cover(grey(4, 2, 0, 10, 100, 200, 20, 30, 100, 200), 2, 1);
    assertThat(values(half)).containsExactly(15, 150);
    // Two thirds: each output covers one and a half inputs.
    Pixels rows = grey(3, 3, 0, 90, 240, 0, 90, 240, 0, 90, 240);
    assertThat(values(Resize.cover(rows, 2, 2))).containsExactly(30, 190, 30, 190);
  }

  @Test
  void growing_interpolatesNeighbours() {
    Pixels rows = Resize.cover(grey(2, 2, 0, 200, 0, 200), 4, 4);
    assertThat(values(rows.part(0, 1, 4, 1))).containsExactly(0, 50, 150, 200);
  }

  @Test
  void cover_cropsTheCentreOfTheLongerSide() {
    Pixels wide = grey(6, 2, 9, 9, 1, 2, 9, 9, 9, 9, 3, 4, 9, 9);
    assertThat(values(Resize.cover(wide, 2, 2))).containsExactly(1, 2, 3, 4);
    Pixels tall = grey(1, 4, 7, 20, 40, 7);
    assertThat(values(Resize.cover(tall, 1, 2))).containsExactly(20, 40);
  }

  @Test
  void flatImage_staysFlatAtEverySize() {
    byte[] bytes = new byte[37 * 23 * 3];
    Arrays.fill(bytes, (byte) 201);
    Pixels flat = new Pixels(37, 23, 3, bytes);
    for (int[] size : new int[][] {{1, 1}, {5, 64}, {64, 5}, {100, 100}, {36, 22}}) {
      assertThat(values(Resize.cover(flat, size[0], size[1]))).containsOnly(201);
    }
  }

  @Test
  void extremeStrip_needsNoIntermediateImage() {
    Pixels strip = new Pixels(1_000_000, 1, 1, new byte[1_000_000]);
    assertThat(Resize.cover(strip, 64, 64).bytes()).hasSize(64 * 64).containsOnly(0);
  }

  private static Pixels grey(int width, int height, int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return new Pixels(width, height, 1, bytes);
  }

  private static int[] values(Pixels pixels) {
    int[] values = new int[pixels.bytes().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = pixels.bytes()[i] & 0xFF;
    }
    return values;
  }
}
