package dev.mezzotint.image;

import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A JPEG file (ISO/IEC 10918). The JDK decodes it, from the segments that hold image data alone:
 * its own use of the metadata depends on its version. Colours are those of libjpeg's rules.
 */
final class JpegFile extends EncodedImage {
  private static final int SOI = 0xD8;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;
  private static final int APP0 = 0xE0;
  private static final int APP1 = 0xE1;
  private static final int APP2 = 0xE2;
  private static final int APP14 = 0xEE;
  private static final int APP15 = 0xEF;
  private static final int COMMENT = 0xFE;
  private static final int PROGRESSIVE = 0xC2;
  private static final String JFIF = "JFIF\0";
  private static final String ADOBE = "Adobe";
  private static final String ICC = "ICC_PROFILE\0";

  /** Each scan is one pass over the image; ten are usual. */
  private static final long SCANNED_PIXELS_MAX =
      16 * dev.mezzotint.image.ImageReader.PIXELS_MAX_DEFAULT;

  /** The samples are luma and two differences, and possibly black. */
  private boolean ycc;

  private int frame; // marker of the frame header
  private String componentIds = "";
  private boolean jfif;
  private int adobeTransform = -1;
  private int scans;
  private final List<InputStream> imageData = new ArrayList<>();
  private final TreeMap<Integer, byte[]> iccParts = new TreeMap<>();
  private int iccPartCount;

  /**
   * @throws IOException if the file is cut short or of a kind that is not read
   */
  JpegFile(byte[] file) throws IOException {
    super("JPEG", file);
    keep(0, 2); // start of image
    int at = 2;
    while (true) {
      int start = at;
      if (uint8(at) != 0xFF) {
        throw broken("there is no marker at byte " + at);
      }
      while (uint8(at) == 0xFF) {
        at++;
      }
      int marker = uint8(at++);
      if (marker == EOI) {
        keep(start, at);
        break;
      }
      if (marker <= 1 || (marker >= 0xD0 && marker <= SOI)) {
        throw broken("there is no segment at byte " + start);
      }
      int end = at + Math.max(2, uint16(at));
      if (end > file.length) {
        throw cutShort();
      }
      readSegment(marker, at + 2, end);
      at = marker == SOS ? endOfScan(end) : end;
      if ((marker < APP0 || marker > APP15) && marker != COMMENT) {
        keep(start, at);
      }
    }
    if (frame == 0 || scans == 0) {
      throw broken("it has no image");
    }
    if ((long) scans * width * height > SCANNED_PIXELS_MAX) {
      throw unread(scans + " scans, which would take too long to decode");
    }
    interpretColours();
  }

  private void keep(int from, int to) {
    imageData.add(new ByteArrayInputStream(file, from, to - from));
  }

  private void readSegment(int marker, int at, int end) throws IOException {
    switch (marker) {
      case SOS -> scans++;
      case APP0 -> jfif |= hasAscii(at, JFIF);
      case APP1 -> {
        if (hasAscii(at, Exif.PREFIX) && orientation == 1) {
          orientation = Exif.orientation(file, at, end);
        }
      }
      case APP2 -> {
        int part = at + ICC.length();
        if (hasAscii(at, ICC) && part + 2 <= end) {
          iccPartCount = uint8(part + 1);
          iccParts.put(uint8(part), Arrays.copyOfRange(file, part + 2, end));
        }
      }
      case APP14 -> {
        if (hasAscii(at, ADOBE) && at + 12 <= end) {
          adobeTransform = uint8(at + 11);
        }
      }
      case 0xC4, 0xC8, 0xCC -> {} // tables
      default -> {
        if (marker >= 0xC0 && marker <= 0xCF) {
          readFrameHeader(marker, at, end);
        }
      }
    }
  }

  private void readFrameHeader(int marker, int at, int end) throws IOException {
    if (frame != 0) {
      throw broken("it has two frame headers");
    }
    if (marker > PROGRESSIVE) {
      throw unread(
          marker == 0xC3
              ? "lossless coding"
              : marker < 0xC8 ? "hierarchical coding" : "arithmetic coding");
    }
    if (uint8(at) != 8) {
      throw unread(uint8(at) + " bits per sample: 8 are read");
    }
    frame = marker;
    height = uint16(at + 1);
    width = uint16(at + 3);
    colours = uint8(at + 5);
    if (width == 0 || height == 0 || at + 6 + 3 * colours > end) {
      throw broken("its frame header is invalid");
    }
    for (int i = 0; i < colours; i++) {
      componentIds += (char) uint8(at + 6 + 3 * i);
    }
  }

  /** The position of the marker that ends entropy-coded data. */
  private int endOfScan(int from) throws IOException {
    int at = from;
    while (true) {
      while (uint8(at) != 0xFF) {
        at++;
      }
      int next = uint8(at + 1);
      if (next != 0 && (next < 0xD0 || next > 0xD7)) {
        return at;
      }
      at += 2;
    }
  }

  private void interpretColours() throws IOException {
    if (colours == 2 || colours > 4) {
      throw unread(colours + " colour components: grey, RGB, YCbCr, CMYK and YCCK are read");
    }
    if (colours == 3 && (jfif || adobeTransform < 0)) {
      ycc = jfif || !componentIds.equals("RGB");
    } else if (colours > 1) {
      if (adobeTransform > 0 && adobeTransform != colours / 2) {
        throw unread(
            "%s colour components and the unknown colour transform %s in its Adobe segment"
                .formatted(colours, adobeTransform));
      }
      ycc = adobeTransform > 0;
    }
  }

  @Override
  int decodedBytesPerPixel() {
    // A progressive image is also held as coefficients of 16 bits.
    return frame == PROGRESSIVE ? 3 * colours : colours;
  }

  @Override
  byte[] profile() throws IOException {
    ByteArrayOutputStream profile = new ByteArrayOutputStream();
    iccParts.values().forEach(profile::writeBytes);
    boolean complete =
        iccParts.size() == iccPartCount
            && (iccParts.isEmpty()
                || (iccParts.firstKey() == 1 && iccParts.lastKey() == iccPartCount));
    if (!complete) {
      throw broken("parts of its colour profile are missing");
    }
    return profile.toByteArray();
  }

  @Override
  Samples decode() throws IOException {
    AtomicReference<String> warning = new AtomicReference<>();
    ImageReader reader = ImageIO.getImageReadersByFormatName("JPEG").next();
    Raster raster;
    try (MemoryCacheImageInputStream input =
        new MemoryCacheImageInputStream(
            new SequenceInputStream(Collections.enumeration(imageData)))) {
      reader.setInput(input, /* seekForwardOnly= */ true, /* ignoreMetadata= */ true);
      // libjpeg fills what it cannot decode with grey and only warns. Without effect on the image,
      // and frequent, are wrong parameters in the scan header of a baseline file.
      reader.addIIOReadWarningListener(
          (source, text) -> {
            if (!text.startsWith("Invalid SOS parameters")) {
              warning.set(text);
            }
          });
      raster = reader.readRaster(0, null);
    } finally {
      reader.dispose();
    }
    if (warning.get() != null) {
      throw broken(warning.get());
    }
    byte[] decoded = ((DataBufferByte) raster.getDataBuffer()).getData();
    if (raster.getNumBands() != colours || decoded.length != width * height * colours) {
      throw broken("it has other dimensions than its header says");
    }
    return (first, count, values, alpha) -> copy(decoded, first * colours, values, count * colours);
  }

  private void copy(byte[] decoded, int from, byte[] values, int length) {
    System.arraycopy(decoded, from, values, 0, length);
    for (int i = 0; ycc && i < length; i += colours) {
      toRgb(values, i);
    }
    // CMYK is stored inverted, as Adobe's programs began to do: 0 is full ink. The first three of
    // YCCK are the complements of that.
    for (int i = ycc ? 3 : 0; colours == 4 && i < length; i += ycc ? 4 : 1) {
      values[i] = (byte) ~values[i];
    }
  }

  /** The conversion of JFIF, in libjpeg's fixed-point arithmetic. */
  private static void toRgb(byte[] values, int at) {
    int y = values[at] & 0xFF;
    int cb = (values[at + 1] & 0xFF) - 128;
    int cr = (values[at + 2] & 0xFF) - 128;
    values[at] = clamp(y + (91_881 * cr + 32_768 >> 16));
    values[at + 1] = clamp(y + (-22_554 * cb - 46_802 * cr + 32_768 >> 16));
    values[at + 2] = clamp(y + (116_130 * cb + 32_768 >> 16));
  }

  private static byte clamp(int sample) {
    return (byte) Math.max(0, Math.min(255, sample));
  }
}
