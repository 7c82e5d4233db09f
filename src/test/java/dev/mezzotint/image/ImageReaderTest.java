package dev.mezzotint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ImageReaderTest {
  @Test
  void ownPng_isReadBackByteForByte() throws IOException {
    byte[] bytes = new byte[13 * 9 * 3];
    new Random(1).nextBytes(bytes);
    Pixels pixels = new Pixels(13, 9, 3, bytes);
    assertThat(ImageReader.read(Png.encode(pixels), 3).bytes()).isEqualTo(bytes);
    byte[] grey = Arrays.copyOf(bytes, 13 * 9);
    byte[] greyFile = Png.encode(new Pixels(13, 9, 1, grey));
    assertThat(ImageReader.read(greyFile, 1).bytes()).isEqualTo(grey);
  }

  @Test
  void grey_keepsItsStoredValueInEachChannel() throws IOException {
    byte[] file = new RawPng(3, 1, 8, 0).rows(0, 0, 100, 255);
    assertThat(rgb(file)).containsExactly(0, 0, 0, 100, 100, 100, 255, 255, 255);
  }

  @Test
  void sixteenBits_areRoundedToEight() throws IOException {
    byte[] grey = new RawPng(4, 1, 16, 0).rows(0, 0, 0, 0x12, 0x34, 0xFF, 0xFF, 0x80, 0xFF);
    assertThat(values(ImageReader.read(grey, 1))).containsExactly(0, 18, 255, 128);
    byte[] colour = new RawPng(1, 1, 16, 2).rows(0, 0x40, 0x40, 0xFF, 0x00, 0x00, 0x10);
    assertThat(rgb(colour)).containsExactly(64, 254, 0);
  }

  @Test
  void greyOfFewBits_isScaledToTheFullRange() throws IOException {
    byte[] oneBit = new RawPng(8, 1, 1, 0).rows(0, 0b10100000);
    assertThat(values(ImageReader.read(oneBit, 1))).containsExactly(255, 0, 255, 0, 0, 0, 0, 0);
    byte[] twoBits = new RawPng(4, 1, 2, 0).rows(0, 0b00011011);
    assertThat(values(ImageReader.read(twoBits, 1))).containsExactly(0, 85, 170, 255);
    byte[] fourBits = new RawPng(2, 1, 4, 0).rows(0, 0x5C);
    assertThat(values(ImageReader.read(fourBits, 1))).containsExactly(85, 204);
  }

  @Test
  void transparency_isComposedOverWhite() throws IOException {
    byte[] file = Png.encode(new Pixels(2, 1, 4, new byte[] {100, 0, 50, 0, 100, 0, 50, 127}));
    assertThat(rgb(file)).containsExactly(255, 255, 255, 178, 128, 153);
    byte[] greyAlpha = new RawPng(2, 1, 8, 4).rows(0, 10, 255, 10, 0);
    assertThat(rgb(greyAlpha)).containsExactly(10, 10, 10, 255, 255, 255);
    byte[] keyColour =
        new RawPng(2, 1, 8, 2).chunk("tRNS", b(0, 1, 0, 2, 0, 3)).rows(0, 1, 2, 3, 4, 5, 6);
    assertThat(rgb(keyColour)).containsExactly(255, 255, 255, 4, 5, 6);
  }

  @Test
  void paletteWithTransparency_isResolved() throws IOException {
    byte[] file =
        new RawPng(3, 1, 8, 3)
            .chunk("PLTE", b(10, 20, 30, 200, 100, 0, 1, 2, 3))
            .chunk("tRNS", b(255, 0))
            .rows(0, 0, 1, 2);
    assertThat(rgb(file)).containsExactly(10, 20, 30, 255, 255, 255, 1, 2, 3);
  }

  @Test
  void colour_becomesLuma() throws IOException {
    byte[] file = Png.encode(new Pixels(3, 1, 3, b(255, 0, 0, 0, 255, 0, 0, 0, 255)));
    assertThat(values(ImageReader.read(file, 1))).containsExactly(76, 150, 29);
  }

  @Test
  void jpeg_isReadInColourAndGrey() throws IOException {
    byte[] colour = jpeg(BufferedImage.TYPE_INT_RGB, 0x2060C0);
    int[] pixel = Arrays.copyOf(rgb(colour), 3);
    assertThat(pixel[0]).isBetween(0x1D, 0x23);
    assertThat(pixel[1]).isBetween(0x5D, 0x63);
    assertThat(pixel[2]).isBetween(0xBD, 0xC3);
    byte[] grey = jpeg(BufferedImage.TYPE_BYTE_GRAY, 0xFFFFFF);
    assertThat(values(ImageReader.read(grey, 1))[0]).isBetween(253, 255);
  }

  @Test
  void read_hugeDimensionsInHeader_throws() {
    byte[] bomb = new RawPng(2_000_000, 1_000_000, 8, 2).rows(0);
    assertThatThrownBy(() -> ImageReader.read(bomb, 3))
        .isInstanceOf(IOException.class)
        .hasMessage("is 2000000×1000000 pixels; the limit is 33554432 pixels");
    byte[] large = Png.encode(new Pixels(101, 100, 1, new byte[10_100]));
    assertThatThrownBy(() -> ImageReader.read(large, 3, 10_000))
        .isInstanceOf(IOException.class)
        .hasMessage("is 101×100 pixels; the limit is 10000 pixels");
    assertThatCode(() -> ImageReader.read(large, 3, 10_100)).doesNotThrowAnyException();
  }

  @Test
  void compressedText_isNotUnpacked() throws IOException {
    byte[] text = RawPng.deflated(new byte[64 << 20]);
    byte[] keyed = new byte[text.length + 3];
    keyed[0] = 'k';
    System.arraycopy(text, 0, keyed, 3, text.length);
    byte[] file = new RawPng(1, 1, 8, 0).chunk("zTXt", keyed).rows(0, 7);
    long before = allocated();
    assertThat(values(ImageReader.read(file, 1))).containsExactly(7);
    assertThat(allocated() - before).isLessThan(16 << 20);
  }

  @Test
  void read_truncatedOrCorruptFile_throwsIOException() throws IOException {
    byte[] bytes = new byte[40 * 40 * 3];
    new Random(2).nextBytes(bytes);
    byte[] png = Png.encode(new Pixels(40, 40, 3, bytes));
    byte[] jpeg = jpeg(BufferedImage.TYPE_INT_RGB, 0x808080);
    Random random = new Random(3);
    for (byte[] whole : new byte[][] {png, jpeg}) {
      for (int cut = 0; cut < whole.length - 20; cut += 97) {
        byte[] piece = Arrays.copyOf(whole, cut);
        assertThatThrownBy(() -> ImageReader.read(piece, 3))
            .as("cut at %d of %d", cut, whole.length)
            .isInstanceOf(IOException.class);
      }
      for (int round = 0; round < 300; round++) {
        byte[] scribbled = whole.clone();
        for (int k = 0; k < 4; k++) {
          scribbled[3 + random.nextInt(whole.length - 3)] = (byte) random.nextInt();
        }
        readOrIoException(scribbled);
      }
    }
  }

  @Test
  void read_otherFormat_throwsIOException() {
    assertThatThrownBy(() -> ImageReader.read(new byte[0], 3)).hasMessage("is an empty file");
    assertThatThrownBy(() -> ImageReader.read("words".getBytes(StandardCharsets.US_ASCII), 3))
        .isInstanceOf(IOException.class)
        .hasMessage("is neither a PNG nor a JPEG nor a WebP file");
  }

  private static void readOrIoException(byte[] file) {
    try {
      ImageReader.read(file, 3, 1_000_000);
    } catch (IOException expected) {
      assertThat(expected).hasMessageStartingWith("is ");
    }
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean)
            java.lang.management.ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  private static byte[] jpeg(int type, int rgb) throws IOException {
    BufferedImage image = new BufferedImage(32, 32, type);
    for (int i = 0; i < 32 * 32; i++) {
      image.setRGB(i % 32, i / 32, rgb);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, "jpeg", out)).isTrue();
    return out.toByteArray();
  }

  private static byte[] b(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static int[] rgb(byte[] file) throws IOException {
    return values(ImageReader.read(file, 3));
  }

  private static int[] values(Pixels pixels) {
    int[] values = new int[pixels.bytes().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = pixels.bytes()[i] & 0xFF;
    }
    return values;
  }
}
