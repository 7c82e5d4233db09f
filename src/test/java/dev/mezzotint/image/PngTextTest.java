package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests texts in PNG files. */
class PngTextTest {
  private static final Pixels PIXELS = new Pixels(2, 1, 3, new byte[] {1, 2, 3, 4, 5, 6});

  @Test
  void text_isFoundByItsKeyword_andChangesNoPixel() throws IOException {
    byte[] file = PngText.add(PngText.add(Png.encode(PIXELS), "a", "1"), "b", "2 ü");
    assertThat(PngText.find(file, "a")).contains("1");
    assertThat(PngText.find(file, "b")).contains("2 ü");
    assertThat(PngText.find(file, "c")).isEmpty();
    assertThat(ImageReader.read(file, 3).bytes()).isEqualTo(PIXELS.bytes());
  }

  @Test
  void text_ofAnAnimation_isFound() throws IOException {
    byte[] file = PngText.add(Apng.encode(List.of(PIXELS, PIXELS), 10, 10), "a", "1");
    assertThat(PngText.find(file, "a")).contains("1");
    assertThat(ImageReader.read(file, 3).bytes()).isEqualTo(PIXELS.bytes());
  }

  @Test
  void otherAndBrokenFiles_haveNoText() {
    byte[] file = PngText.add(Png.encode(PIXELS), "a", "1");
    for (int length = 0; length < 8 + 25 + 12; length++) {
      assertThat(PngText.find(Arrays.copyOf(file, length), "a")).isEmpty();
    }
    byte[] endless = file.clone();
    endless[8] = (byte) 0x7f; // the length of the header
    assertThat(PngText.find(endless, "a")).isEmpty();
    assertThat(PngText.find(Png.encode(PIXELS), "a")).isEmpty();
  }
}
