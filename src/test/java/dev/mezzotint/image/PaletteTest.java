package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class PaletteTest {
  private static final Palette THREE = Palette.of("sky #0080ff", "road #404040", "tree #008000");

  private static Pixels pixels(int... colours) {
    byte[] rgb = new byte[3 * colours.length];
    for (int i = 0; i < colours.length; i++) {
      rgb[3 * i] = (byte) (colours[i] >> 16);
      rgb[3 * i + 1] = (byte) (colours[i] >> 8);
      rgb[3 * i + 2] = (byte) colours[i];
    }
    return new Pixels(colours.length / 2, 2, 3, rgb);
  }

  @Test
  void exactColours_becomeClassesAndBack() throws IOException {
    Pixels map = pixels(0x0080ff, 0x404040, 0x008000, 0x0080ff);
    Pixels labels = THREE.labels(map, /* nearest= */ false);
    assertThat(labels.bytes()).containsExactly(0, 1, 2, 0);
    assertThat(THREE.colours(labels).bytes()).isEqualTo(map.bytes());
    float[] oneHot = new float[14];
    java.util.Arrays.fill(oneHot, 7);
    THREE.oneHot(labels, oneHot, 1);
    assertThat(oneHot).containsExactly(7, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 7);
  }

  @Test
  void labels_unknownColour_throwsNamingPixelAndNearest() {
    assertThatThrownBy(
            () ->
                THREE.labels(pixels(0x0080ff, 0x404040, 0x008000, 0x414141), /* nearest= */ false))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "has the colour #414141 at pixel (1, 1), which is not one of the palette's 3; the nearest"
                + " is #404040 road");
  }

  @Test
  void labels_nearest_acceptsUnknownColours() throws IOException {
    assertThat(
            THREE
                .labels(pixels(0x0081fe, 0x414141, 0x107010, 0xffffff), /* nearest= */ true)
                .bytes())
        .containsExactly(0, 1, 2, 0);
  }

  @Test
  void cityscapes_hasNineteenClassesAndVoid() {
    assertThat(Palette.CITYSCAPES.classes()).isEqualTo(20);
    assertThat(Palette.CITYSCAPES.entries().get(0).colour()).isEqualTo("#804080");
    assertThat(Palette.CITYSCAPES.entries().get(18).name()).isEqualTo("bicycle");
  }

  @Test
  void constructor_duplicateOrMalformedEntries_throws() {
    for (String[] bad :
        new String[][] {
          {"a #000000", "a #ffffff"}, {"a #000000", "b #000000"}, {"a 000000"}, {"#000000"}, {}
        }) {
      assertThatThrownBy(() -> Palette.of(bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
