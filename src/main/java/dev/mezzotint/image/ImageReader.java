package dev.mezzotint.image;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.Semaphore;

/**
 * Reads untrusted PNG, JPEG and WebP files as 8-bit sRGB or grey, by the same rules for all formats
 * (docs/models.md has them as a table): the EXIF orientation and the embedded colour profile are
 * applied, transparent pixels are composed over white, and 16-bit samples are rounded to 8.
 *
 * <p>The size in the header is checked before anything is decoded, nothing touches the disk, and a
 * file that is broken, cut short or of a kind that is not read causes an {@link IOException} whose
 * message is the predicate of a sentence whose subject is the file's name. Safe for use by several
 * threads.
 */
public final class ImageReader {
  /** About 8K × 4K: at most 15 bytes for each pixel while decoding, 480 MiB. */
  public static final long PIXELS_MAX_DEFAULT = 33_554_432;

  private static final int STRIP_PIXELS = 1 << 14;

  /**
   * MiB that all threads together may use for decoding: a quarter of the heap, or one image if that
   * is more.
   */
  private static final int DECODE_MIB_MAX =
      (int) Math.max(64, Runtime.getRuntime().maxMemory() >> 22);

  private static final Semaphore DECODE_MIB = new Semaphore(DECODE_MIB_MAX, /* fair= */ true);

  private ImageReader() {}

  /** As {@link #read(byte[], int, long)} with {@link #PIXELS_MAX_DEFAULT}. */
  public static Pixels read(byte[] file, int channels) throws IOException {
    return read(file, channels, PIXELS_MAX_DEFAULT);
  }

  /**
   * Decodes one image.
   *
   * @param channels of the result: 3 (grey is repeated) or 1 (colour becomes its luma, ITU-R 601)
   * @param pixelsMax largest width × height to decode
   * @throws IOException if this is not a PNG, JPEG or WebP file, is broken or cut short, of a kind
   *     that is not read, or larger than allowed
   */
  public static Pixels read(byte[] file, int channels, long pixelsMax) throws IOException {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("channels is " + channels + ", must be 1 or 3");
    }
    return read(file, channels, pixelsMax, /* profiled= */ true);
  }

  /**
   * Decodes a label map, whose colours are names of classes: as {@link #read}, but a colour profile
   * changes nothing.
   *
   * @return RGB as stored
   */
  public static Pixels readLabelMap(byte[] file, long pixelsMax) throws IOException {
    return read(file, /* channels= */ 3, pixelsMax, /* profiled= */ false);
  }

  private static Pixels read(byte[] file, int channels, long pixelsMax, boolean profiled)
      throws IOException {
    EncodedImage image = open(file);
    long pixels = (long) image.width * image.height;
    if (pixels > pixelsMax) {
      throw new IOException(
          "is %s×%s pixels; the limit is %s pixels"
              .formatted(image.width, image.height, pixelsMax));
    }
    ColourConversion conversion =
        profiled ? ColourConversion.of(image) : ColourConversion.asStored(image.colours);
    int mebibytes = 1 + (int) (pixels * (image.decodedBytesPerPixel() + channels) >> 20);
    int share = Math.min(mebibytes, DECODE_MIB_MAX);
    DECODE_MIB.acquireUninterruptibly(share);
    try {
      return interpret(image, image.decode(), conversion, channels);
    } catch (IOException e) {
      // Decoders' own messages are not sentences about the file.
      String message = String.valueOf(e.getMessage());
      throw message.startsWith("is ") || message.startsWith("cannot ")
          ? e
          : new IOException(image.broken(message).getMessage(), e);
    } catch (RuntimeException e) {
      // Decoders throw index and argument exceptions for some broken files.
      throw new IOException(image.broken(e.toString()).getMessage(), e);
    } finally {
      DECODE_MIB.release(share);
    }
  }

  /**
   * Reads width and height, after rotation, from the file's header; nothing is decoded.
   *
   * @throws IOException as {@link #read(byte[], int, long)}
   */
  public static int[] size(byte[] file) throws IOException {
    EncodedImage image = open(file);
    return image.orientation > 4
        ? new int[] {image.height, image.width}
        : new int[] {image.width, image.height};
  }

  private static EncodedImage open(byte[] file) throws IOException {
    if (FileKind.matches(file, 0, "\u0089PNG")) {
      return new PngFile(file);
    }
    if (FileKind.matches(file, 0, "\u00FF\u00D8\u00FF")) {
      return new JpegFile(file);
    }
    if (FileKind.matches(file, 0, "RIFF") && FileKind.matches(file, 8, "WEBP")) {
      return new WebpFile(file);
    }
    if (file.length == 0) {
      throw new IOException("is an empty file");
    }
    throw new IOException(
        FileKind.of(file)
            .map(kind -> kind.endsWith(" file") ? kind + ": PNG, JPEG and WebP are read" : kind)
            .orElse("is neither a PNG nor a JPEG nor a WebP file"));
  }

  /** Makes colours, transparency and orientation those of the result. */
  private static Pixels interpret(
      EncodedImage image, EncodedImage.Samples samples, ColourConversion conversion, int channels) {
    int width = image.width;
    int height = image.height;
    int rows = Math.max(1, STRIP_PIXELS / width);
    byte[] values = new byte[rows * width * image.colours];
    byte[] alpha = new byte[rows * width];
    byte[] rgb = new byte[rows * width * 3];
    Arrays.fill(alpha, (byte) 255);
    byte[] out = new byte[width * height * channels];
    int start = place(image, 0, 0);
    int right = place(image, 1, 0) - start;
    int down = place(image, 0, 1) - start;
    for (int y = 0; y < height; y += rows) {
      int count = Math.min(rows, height - y) * width;
      samples.copy(y * width, count, values, alpha);
      conversion.convert(values, count, rgb);
      for (int i = 0; i < count; i++) {
        int pixel = start + i % width * right + (y + i / width) * down;
        int at = 3 * i;
        Pixels.putOverWhite(
            out, pixel, channels, rgb[at], rgb[at + 1], rgb[at + 2], alpha[i] & 0xFF);
      }
    }
    return image.orientation > 4
        ? new Pixels(height, width, channels, out)
        : new Pixels(width, height, channels, out);
  }

  /** The pixel of the result where the stored pixel (x, y) belongs. */
  private static int place(EncodedImage image, int x, int y) {
    int right = image.width - 1 - x;
    int bottom = image.height - 1 - y;
    return switch (image.orientation) {
      case 2 -> right + y * image.width;
      case 3 -> right + bottom * image.width;
      case 4 -> x + bottom * image.width;
      case 5 -> y + x * image.height;
      case 6 -> bottom + x * image.height;
      case 7 -> bottom + right * image.height;
      case 8 -> y + right * image.height;
      default -> x + y * image.width;
    };
  }
}
