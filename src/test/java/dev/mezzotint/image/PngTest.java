package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PngTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4})
  void encode_otherDecoder_readsTheSamePixels(int channels) throws IOException {
    for (int[] size : new int[][] {{1, 1}, {7, 3}, {32, 32}, {1, 50}, {130, 1}}) {
      for (boolean noisy : new boolean[] {false, true}) {
        Pixels pixels = image(size[0], size[1], channels, noisy);
        for (int level : new int[] {0, 1, 6, 9}) {
          byte[] png = Png.encode(pixels, level);
          BufferedImage read = ImageIO.read(new ByteArrayInputStream(png));
          assertThat(read.getWidth()).isEqualTo(size[0]);
          assertThat(read.getHeight()).isEqualTo(size[1]);
          assertThat(samples(read, channels)).isEqualTo(pixels.bytes());
        }
      }
    }
  }

  @Test
  void encode_samePixels_giveTheSameBytes() {
    Pixels pixels = image(64, 64, 3, false);
    assertThat(Png.encode(pixels)).isEqualTo(Png.encode(image(64, 64, 3, false)));
  }

  @Test
  void filters_makeSmoothImagesSmall() {
    byte[] ramp = new byte[256 * 256 * 3];
    for (int i = 0; i < ramp.length; i++) {
      int pixel = i / 3;
      ramp[i] = (byte) (pixel % 256 + pixel / 256);
    }
    byte[] png = Png.encode(new Pixels(256, 256, 3, ramp));
    assertThat(png.length).isLessThan(ramp.length / 100);
  }

  @Test
  void encode_levelOutOfRange_throws() {
    Pixels pixels = image(2, 2, 1, false);
    assertThatIllegalArgumentException().isThrownBy(() -> Png.encode(pixels, 10));
    assertThatIllegalArgumentException().isThrownBy(() -> Png.encode(pixels, -1));
  }

  private static Pixels image(int width, int height, int channels, boolean noisy) {
    byte[] bytes = new byte[width * height * channels];
    if (noisy) {
      new Random(width * 31L + height).nextBytes(bytes);
    } else {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (i * i / (3 * width) + i % channels * 40);
      }
    }
    return new Pixels(width, height, channels, bytes);
  }

  private static byte[] samples(BufferedImage image, int channels) {
    int[] samples =
        image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    assertThat(image.getRaster().getNumBands()).isEqualTo(channels);
    byte[] bytes = new byte[samples.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) samples[i];
    }
    return bytes;
  }
}
