package dev.mezzotint.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Semaphore;
import javax.imageio.ImageIO;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads untrusted PNG, JPEG and WebP files of any depth and colour type that the JDK decodes: the
 * size in the header is checked before anything is decoded, nothing touches the disk, and every
 * exception that a broken file causes in a decoder becomes an {@link IOException}.
 *
 * <p>Sample values are taken as stored (no gamma, no colour profile). Transparent pixels are
 * composed over white. 16-bit samples are rounded to 8. Safe for use by several threads.
 */
public final class ImageReader {
  /** About 8K × 4K: 224 MiB while decoding, 352 MiB for 16-bit samples. */
  public static final long PIXELS_MAX_DEFAULT = 33_554_432;

  private static final String WEBP = "WebP";
  private static final int PNG_DEPTH_AT = 24;

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
   * @throws IOException if this is not a PNG, JPEG or WebP file, is broken or truncated, or is
   *     larger than allowed; its message is the predicate of a sentence whose subject is the file's
   *     name
   */
  public static Pixels read(byte[] file, int channels, long pixelsMax) throws IOException {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("channels is " + channels + ", must be 1 or 3");
    }
    String format = format(file);
    try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      boolean deep = format.equals("PNG") && file.length > PNG_DEPTH_AT && file[PNG_DEPTH_AT] == 16;
      return decode(format, deep, input, pixelsMax).withChannels(channels);
    } catch (RuntimeException e) {
      // The JDK's decoders throw index and argument exceptions for some broken files.
      throw new IOException("is a broken " + format + " file: " + e, e);
    }
  }

  /**
   * Reads width and height from the file's header; nothing is decoded.
   *
   * @throws IOException as {@link #read(byte[], int, long)}
   */
  public static int[] size(byte[] file) throws IOException {
    String format = format(file);
    try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      javax.imageio.ImageReader reader = decoder(format);
      try {
        reader.setInput(input, /* seekForwardOnly= */ true, /* ignoreMetadata= */ true);
        return new int[] {reader.getWidth(0), reader.getHeight(0)};
      } finally {
        reader.dispose();
      }
    } catch (RuntimeException e) {
      throw new IOException("is a broken " + format + " file: " + e, e);
    }
  }

  private static String format(byte[] file) throws IOException {
    if (file.length >= 8
        && file[0] == (byte) 0x89
        && file[1] == 'P'
        && file[2] == 'N'
        && file[3] == 'G') {
      return "PNG";
    }
    if (file.length >= 3
        && file[0] == (byte) 0xFF
        && file[1] == (byte) 0xD8
        && file[2] == (byte) 0xFF) {
      return "JPEG";
    }
    if (file.length >= 12 && ascii(file, 0).equals("RIFF") && ascii(file, 8).equals("WEBP")) {
      return WEBP;
    }
    throw new IOException(
        file.length == 0 ? "is an empty file" : "is neither a PNG nor a JPEG nor a WebP file");
  }

  private static String ascii(byte[] file, int at) {
    return new String(file, at, 4, StandardCharsets.US_ASCII);
  }

  /** The decoder of a format; a plug-in is looked up with this class's class loader. */
  private static javax.imageio.ImageReader decoder(String format) throws IOException {
    if (!format.equals(WEBP)) {
      var readers = ImageIO.getImageReadersByFormatName(format);
      if (readers.hasNext()) {
        return readers.next();
      }
    } else {
      // Not through ImageIO, which uses the class loader of its first caller.
      for (ImageReaderSpi plugin :
          ServiceLoader.load(ImageReaderSpi.class, ImageReader.class.getClassLoader())) {
        if (List.of(plugin.getFormatNames()).contains("webp")) {
          return plugin.createReaderInstance();
        }
      }
    }
    throw new IOException("cannot be read: no decoder for " + format + " is installed");
  }

  private static Pixels decode(String format, boolean deep, ImageInputStream input, long pixelsMax)
      throws IOException {
    javax.imageio.ImageReader reader = decoder(format);
    boolean[] truncated = new boolean[1];
    try {
      // Without metadata the PNG decoder skips text chunks, which may be compression bombs.
      reader.setInput(input, /* seekForwardOnly= */ true, /* ignoreMetadata= */ true);
      // libjpeg fills missing parts with grey and only warns.
      reader.addIIOReadWarningListener(
          (source, warning) -> truncated[0] |= warning.startsWith("Premature end"));
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      if ((long) width * height > pixelsMax) {
        throw new IOException(
            "is " + width + "×" + height + " pixels; the limit is " + pixelsMax + " pixels");
      }
      // At worst RGBA as stored, and the three bytes of the result.
      int mebibytes = 1 + (int) ((long) width * height * (deep ? 11 : 7) >> 20);
      int share = Math.min(mebibytes, DECODE_MIB_MAX);
      DECODE_MIB.acquireUninterruptibly(share);
      try {
        BufferedImage image = reader.read(0);
        if (truncated[0]) {
          throw new IOException("is a " + format + " file that is truncated");
        }
        return rgb(image);
      } finally {
        DECODE_MIB.release(share);
      }
    } catch (javax.imageio.IIOException | java.io.EOFException e) {
      throw new IOException("is a broken " + format + " file: " + e.getMessage(), e);
    } finally {
      reader.dispose();
    }
  }

  private static Pixels rgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] out = new byte[Math.multiplyExact(width * height, 3)];
    int[] row = new int[width];
    int at = 0;
    for (int y = 0; y < height; y++) {
      argbRow(image, y, row);
      for (int argb : row) {
        out[at++] = overWhite(argb >> 16, argb >>> 24);
        out[at++] = overWhite(argb >> 8, argb >>> 24);
        out[at++] = overWhite(argb, argb >>> 24);
      }
    }
    return new Pixels(width, height, 3, out);
  }

  private static byte overWhite(int sample, int alpha) {
    return (byte) (((sample & 0xFF) * alpha + 255 * (255 - alpha) + 127) / 255);
  }

  /**
   * One row as 8-bit ARGB. Component rasters are read directly, because {@link
   * BufferedImage#getRGB} treats grey as linear light and brightens it.
   */
  private static void argbRow(BufferedImage image, int y, int[] row) {
    ColorModel model = image.getColorModel();
    if (!(model instanceof ComponentColorModel)) {
      image.getRGB(0, y, row.length, 1, row, 0, row.length);
      return;
    }
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    if (bands > 4) {
      throw new IllegalStateException(bands + " colour channels");
    }
    int[] samples = raster.getPixels(0, y, row.length, 1, (int[]) null);
    int max = (1 << model.getComponentSize(0)) - 1;
    boolean colour = bands >= 3;
    boolean alpha = bands == 2 || bands == 4;
    for (int x = 0; x < row.length; x++) {
      int at = x * bands;
      int r = eightBits(samples[at], max);
      int g = colour ? eightBits(samples[at + 1], max) : r;
      int b = colour ? eightBits(samples[at + 2], max) : r;
      int a = alpha ? eightBits(samples[at + bands - 1], max) : 255;
      row[x] = a << 24 | r << 16 | g << 8 | b;
    }
  }

  private static int eightBits(int sample, int max) {
    return max == 255 ? sample : (int) ((sample * 255L + max / 2) / max);
  }
}
