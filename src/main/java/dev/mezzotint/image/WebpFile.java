package dev.mezzotint.image;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import javax.imageio.ImageReader;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** A WebP file (RFC 9649), which a plug-in decodes. */
final class WebpFile extends EncodedImage {
  private static final int CHUNK_HEADER = 8;
  private static final int ANIMATION_FLAG = 2;

  /** Not through ImageIO, which uses the class loader of its first caller. */
  private static final Optional<ImageReaderSpi> DECODER =
      ServiceLoader.load(ImageReaderSpi.class, WebpFile.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .filter(plugin -> List.of(plugin.getFormatNames()).contains("webp"))
          .findFirst();

  private byte[] profile = NO_PROFILE;
  private int imageEnd;

  /**
   * @throws IOException if the file is cut short or of a kind that is not read
   */
  WebpFile(byte[] file) throws IOException {
    super("WebP", file);
    colours = 3;
    long end = CHUNK_HEADER + uint32(4);
    if (end > file.length) {
      throw cutShort();
    }
    long at = 12;
    while (at < end) {
      long next = at + CHUNK_HEADER + uint32((int) at + 4);
      if (next > end) {
        throw broken("a chunk of it is cut short");
      }
      readChunk((int) at, (int) at + CHUNK_HEADER, (int) next);
      at = next + (next & 1);
    }
    if (width == 0 || height == 0) {
      throw broken("it has no image");
    }
  }

  private void readChunk(int at, int data, int end) throws IOException {
    if (hasAscii(at, "VP8X")) {
      if ((uint8(data) & ANIMATION_FLAG) != 0) {
        throw unread("an animation: still images are read");
      }
    } else if (hasAscii(at, "VP8L") && width == 0) {
      imageEnd = end + (end & 1);
      long size = uint32(data + 1);
      width = 1 + (int) (size & 0x3FFF);
      height = 1 + (int) (size >> 14 & 0x3FFF);
    } else if (hasAscii(at, "VP8 ") && width == 0) {
      imageEnd = end + (end & 1);
      width = (int) (uint32(data + 6) & 0x3FFF);
      height = (int) (uint32(data + 6) >> 16 & 0x3FFF);
    } else if (hasAscii(at, "ICCP")) {
      profile = Arrays.copyOfRange(file, data, end);
    } else if (hasAscii(at, "EXIF")) {
      orientation = Exif.orientation(file, data, end);
    }
  }

  private long uint32(int at) throws IOException {
    return uint8(at) | uint8(at + 1) << 8 | uint8(at + 2) << 16 | (long) uint8(at + 3) << 24;
  }

  @Override
  int decodedBytesPerPixel() {
    return 8; // as the plug-in returns it, and once more inside it where the file is lossless
  }

  @Override
  byte[] profile() {
    return profile;
  }

  @Override
  Samples decode() throws IOException {
    ImageReader reader =
        DECODER
            .orElseThrow(() -> new IOException("cannot be read: no decoder for WebP is installed"))
            .createReaderInstance();
    // Without what follows the image, which libwebp would take for its missing end.
    byte[] data = Arrays.copyOf(file, imageEnd);
    for (int i = 0; i < 4; i++) {
      data[4 + i] = (byte) (imageEnd - CHUNK_HEADER >> 8 * i);
    }
    BufferedImage image;
    try (MemoryCacheImageInputStream input =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(data))) {
      reader.setInput(input, /* seekForwardOnly= */ true, /* ignoreMetadata= */ true);
      image = reader.read(0);
    } catch (LinkageError e) {
      throw new IOException("cannot be read: the WebP library cannot be loaded here: " + e, e);
    } catch (OutOfMemoryError e) {
      // Without a message it is the plug-in's own, for alpha that libwebp cannot decode.
      if (e.getMessage() != null) {
        throw e;
      }
      throw broken("its transparency cannot be decoded");
    } finally {
      reader.dispose();
    }
    if (image.getWidth() != width || image.getHeight() != height) {
      throw broken("it has other dimensions than its header says");
    }
    int[] argb = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    boolean opaque = !image.getColorModel().hasAlpha();
    return (first, count, values, alpha) -> {
      for (int i = 0; i < count; i++) {
        int pixel = argb[first + i];
        values[3 * i] = (byte) (pixel >> 16);
        values[3 * i + 1] = (byte) (pixel >> 8);
        values[3 * i + 2] = (byte) pixel;
        alpha[i] = opaque ? (byte) 255 : (byte) (pixel >>> 24);
      }
    };
  }
}
