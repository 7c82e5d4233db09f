package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Reads WebP files written by another program. */
class WebpTest {
  private static byte[] file(String name) throws IOException {
    return Files.readAllBytes(Path.of("src/test/resources/webp", name));
  }

  @Test
  void lossless_isExactAndComposedOverWhite() throws IOException {
    Pixels pixels = ImageReader.read(file("half-clear.webp"), 3);
    assertThat(pixels.width()).isEqualTo(6);
    assertThat(pixels.height()).isEqualTo(4);
    for (int i = 0; i < 24; i++) {
      int colour = Palette.colour(pixels.bytes(), 3 * i);
      assertThat(colour).isEqualTo(i % 6 < 3 ? 0xFFFFFF : 0x204060);
    }
    assertThat(ImageReader.size(file("half-clear.webp"))).containsExactly(6, 4);
  }

  @Test
  void lossy_isClose() throws IOException {
    Pixels pixels = ImageReader.read(file("gradient-lossy.webp"), 3);
    assertThat(pixels.bytes()[0] & 0xFF).isGreaterThan(230);
    assertThat(pixels.bytes()[3 * 255 + 2] & 0xFF).isGreaterThan(230);
  }

  @Test
  void read_brokenWebp_throwsIOException() throws IOException {
    for (String name : new String[] {"half-clear.webp", "gradient-lossy.webp"}) {
      byte[] whole = file(name);
      for (int length = 0; length < whole.length; length++) {
        byte[] cut = Arrays.copyOf(whole, length);
        assertThatThrownBy(() -> ImageReader.read(cut, 3))
            .as("%s cut at %d of %d", name, length, whole.length)
            .isInstanceOf(IOException.class);
      }
      assertThatThrownBy(() -> ImageReader.read(Arrays.copyOf(whole, 20), 3))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> ImageReader.read(whole, 3, 10))
          .hasMessageContaining("the limit is 10");
    }
  }
}
