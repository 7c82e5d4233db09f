package dev.mezzotint.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A PNG file (ISO/IEC 15948). Decoded here and not by the JDK, which ignores checksums. Of an
 * animation, the still image is read.
 */
final class PngFile extends EncodedImage {
  private static final String SIGNATURE = "\u0089PNG\r\n\u001A\n";

  private static final int PROFILE_BYTES_MAX = 4 << 20;

  /** Deflate cannot compress better. */
  private static final int INFLATION_MAX = 1032;

  /** Samples in a pixel of each colour type; 0 for types that do not exist. */
  private static final int[] SAMPLES = {1, 0, 3, 1, 2, 0, 4};

  private static final int GREY = 0;
  private static final int RGB = 2;
  private static final int PALETTE = 3;

  /** Of each pass of an interlaced image: first column and row, and the steps between them. */
  private static final int[][] ADAM7 = {
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
  };

  private static final int[][] ONE_PASS = {{0, 0, 1, 1}};

  private int depth;
  private int colourType;
  private int[][] passes = ONE_PASS;
  private byte[] palette = {};
  private byte[] transparency = {}; // empty if nothing is transparent
  private byte @Nullable [] iccp;
  private String cicp = "";

  /** Positions and lengths of the chunks of image data. */
  private final List<int[]> imageData = new ArrayList<>();

  /**
   * @throws IOException if the file is cut short or broken, or of a kind that is not read
   */
  PngFile(byte[] file) throws IOException {
    super("PNG", file);
    if (!hasAscii(0, SIGNATURE)) {
      throw broken("its signature is damaged, as by a transfer as text");
    }
    String last = "";
    int at = SIGNATURE.length();
    while (!last.equals("IEND")) {
      int length = int32(at);
      if (length < 0 || length > file.length - at - Png.CHUNK_FRAME) {
        throw cutShort();
      }
      String type = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
      CRC32 checksum = new CRC32();
      checksum.update(file, at + 4, length + 4);
      if (int32(at + 8 + length) != (int) checksum.getValue()) {
        throw broken("the checksum of a chunk is wrong");
      }
      readChunk(type, last, at + 8, length);
      last = type;
      at += Png.CHUNK_FRAME + length;
    }
    if (imageData.isEmpty() || (colourType == PALETTE && palette.length == 0)) {
      throw broken("it has no image");
    }
  }

  private int int32(int at) throws IOException {
    return uint16(at) << 16 | uint16(at + 2);
  }

  private void readChunk(String type, String last, int at, int length) throws IOException {
    if (last.isEmpty() != type.equals("IHDR") && !type.equals("CgBI")) {
      throw broken("it does not begin with one header");
    }
    switch (type) {
      case "IHDR" -> readHeader(at, length);
      case "PLTE" -> palette = Arrays.copyOfRange(file, at, at + length - length % 3);
      case "tRNS" -> transparency = Arrays.copyOfRange(file, at, at + length);
      case "iCCP" -> iccp = Arrays.copyOfRange(file, at, at + length);
      case "cICP" -> cicp = length == 4 ? uint8(at) + "/" + uint8(at + 1) : "of another length";
      case "eXIf" -> orientation = Exif.orientation(file, at, at + length);
      case "IDAT" -> {
        if (!imageData.isEmpty() && !last.equals("IDAT")) {
          throw broken("its image data is interrupted");
        }
        imageData.add(new int[] {at, length});
      }
      case "IEND" -> {}
      default -> {
        if (Character.isUpperCase(type.charAt(0))) {
          throw unread("an unknown critical chunk, " + type.replaceAll("[^A-Za-z]", "?"));
        }
      }
    }
  }

  private void readHeader(int at, int length) throws IOException {
    width = int32(at);
    height = int32(at + 4);
    depth = uint8(at + 8);
    colourType = uint8(at + 9);
    int interlace = uint8(at + 12);
    boolean known = colourType < SAMPLES.length && SAMPLES[colourType] > 0;
    boolean anyDepth =
        colourType == GREY ? depth <= 16 : colourType == PALETTE ? depth <= 8 : depth >= 8;
    if (length != 13
        || width <= 0
        || height <= 0
        || !known
        || depth > 16
        || Integer.bitCount(depth) != 1
        || !anyDepth
        || uint16(at + 10) != 0
        || interlace > 1) {
      throw broken("its header is invalid");
    }
    passes = interlace == 1 ? ADAM7 : ONE_PASS;
    colours = colourType == GREY || colourType == 4 ? 1 : 3;
  }

  private int columns(int[] pass) {
    return Math.max(0, (int) (((long) width - pass[0] + pass[2] - 1) / pass[2]));
  }

  /** Rows of a pass; 0 where it has no columns. */
  private int rows(int[] pass) {
    int rows = Math.max(0, (int) (((long) height - pass[1] + pass[3] - 1) / pass[3]));
    return columns(pass) == 0 ? 0 : rows;
  }

  private long rowBytes(int[] pass) {
    return ((long) columns(pass) * SAMPLES[colourType] * depth + 7) / 8;
  }

  private boolean isTransparent() {
    return SAMPLES[colourType] % 2 == 0 || transparency.length > 0;
  }

  @Override
  int decodedBytesPerPixel() {
    return colours + (isTransparent() ? 1 : 0);
  }

  @Override
  byte[] profile() throws IOException {
    byte[] chunk = iccp;
    if (chunk == null) {
      if (!cicp.isEmpty() && !cicp.equals("1/13")) {
        throw unread(
            "colours coded as " + cicp + " (cICP), such as HDR: sRGB and ICC profiles are read");
      }
      return NO_PROFILE;
    }
    int name = 0;
    while (name < chunk.length && chunk[name] != 0) {
      name++;
    }
    int from = Math.min(chunk.length, name + 2);
    try (InflaterInputStream in =
        new InflaterInputStream(new ByteArrayInputStream(chunk, from, chunk.length - from))) {
      byte[] profile = in.readNBytes(PROFILE_BYTES_MAX + 1);
      if (profile.length <= PROFILE_BYTES_MAX) {
        return profile;
      }
    } catch (IOException e) {
      throw broken("its colour profile cannot be unpacked: " + e.getMessage());
    }
    throw unread("a colour profile of more than " + (PROFILE_BYTES_MAX >> 20) + " MiB");
  }

  @Override
  Samples decode() throws IOException {
    long raw = 0;
    for (int[] pass : passes) {
      raw += (long) rows(pass) * (1 + rowBytes(pass));
    }
    if (raw / INFLATION_MAX > imageData.stream().mapToLong(part -> part[1]).sum()) {
      throw cutShort();
    }
    byte[] values = new byte[width * height * colours];
    byte[] alphas = new byte[isTransparent() ? width * height : 0];
    Inflater inflater = new Inflater();
    try {
      Data data = new Data(inflater);
      for (int[] pass : passes) {
        int length = rows(pass) == 0 ? 0 : (int) rowBytes(pass);
        byte[] row = new byte[length];
        byte[] above = new byte[length];
        byte[] filter = new byte[1];
        for (int y = 0; y < rows(pass); y++) {
          data.read(filter, 1);
          data.read(row, length);
          unfilter(filter[0], row, above);
          int first = (pass[1] + y * pass[3]) * width + pass[0];
          store(row, columns(pass), first, pass[2], values, alphas);
          byte[] next = above;
          above = row;
          row = next;
        }
      }
      data.expectEnd();
    } catch (DataFormatException e) {
      throw broken("its image data cannot be unpacked: " + e.getMessage());
    } finally {
      inflater.end();
    }
    boolean transparent = isTransparent();
    return (first, count, to, alpha) -> {
      System.arraycopy(values, first * colours, to, 0, count * colours);
      if (transparent) {
        System.arraycopy(alphas, first, alpha, 0, count);
      }
    };
  }

  /** The inflated content of all chunks of image data. */
  private final class Data {
    private final Inflater inflater;
    private int next;

    Data(Inflater inflater) {
      this.inflater = inflater;
    }

    void read(byte[] out, int length) throws IOException, DataFormatException {
      int done = 0;
      while (done < length) {
        int read = inflater.inflate(out, done, length - done);
        done += read;
        if (read == 0 && (inflater.finished() || inflater.needsDictionary() || !feed())) {
          throw broken("its image data is too short");
        }
      }
    }

    private boolean feed() {
      if (next == imageData.size()) {
        return false;
      }
      int[] part = imageData.get(next++);
      inflater.setInput(file, part[0], part[1]);
      return true;
    }

    /** The end of the stream has the checksum. */
    void expectEnd() throws IOException, DataFormatException {
      byte[] more = new byte[1];
      while (!inflater.finished()) {
        if (inflater.inflate(more) > 0) {
          throw broken("its image data is too long");
        }
        if (!inflater.finished() && !feed()) {
          throw broken("its image data has no checksum");
        }
      }
    }
  }

  private void unfilter(int filter, byte[] row, byte[] above) throws IOException {
    int back = Math.max(1, SAMPLES[colourType] * depth / 8);
    switch (filter) {
      case 0 -> {}
      case 1 -> {
        for (int i = back; i < row.length; i++) {
          row[i] += row[i - back];
        }
      }
      case 2 -> {
        for (int i = 0; i < row.length; i++) {
          row[i] += above[i];
        }
      }
      case 3 -> {
        for (int i = 0; i < row.length; i++) {
          int left = i < back ? 0 : row[i - back] & 0xFF;
          row[i] += (byte) ((left + (above[i] & 0xFF)) / 2);
        }
      }
      case 4 -> {
        for (int i = 0; i < row.length; i++) {
          int left = i < back ? 0 : row[i - back] & 0xFF;
          int upLeft = i < back ? 0 : above[i - back] & 0xFF;
          row[i] += (byte) Png.paeth(left, above[i] & 0xFF, upLeft);
        }
      }
      default -> throw broken("it has an unknown filter");
    }
  }

  /**
   * Stores the pixels of one row.
   *
   * @param first where its first pixel belongs
   * @param step between two of its pixels
   */
  private void store(byte[] row, int count, int first, int step, byte[] values, byte[] alphas)
      throws IOException {
    if (depth == 8 && SAMPLES[colourType] == colours && transparency.length == 0 && step == 1) {
      System.arraycopy(row, 0, values, first * colours, row.length);
      return;
    }
    for (int x = 0; x < count; x++) {
      int pixel = first + x * step;
      int alpha =
          colourType == PALETTE ? look(row, x, pixel, values) : scale(row, x, pixel, values);
      if (alphas.length > 0) {
        alphas[pixel] = (byte) alpha;
      }
    }
  }

  /** Stores a pixel of the palette and returns its alpha. */
  private int look(byte[] row, int x, int pixel, byte[] values) throws IOException {
    int index = sample(row, x);
    if (3 * index >= palette.length) {
      throw broken("it has a colour that its palette lacks");
    }
    System.arraycopy(palette, 3 * index, values, 3 * pixel, 3);
    boolean opaque = index >= transparency.length;
    return opaque ? 255 : transparency[index] & 0xFF;
  }

  /** Stores a pixel's samples in 8 bits and returns its alpha. */
  private int scale(byte[] row, int x, int pixel, byte[] values) {
    int samples = SAMPLES[colourType];
    byte[] key = transparency; // the transparent colour
    boolean clear = samples == colours && key.length == 2 * colours;
    for (int c = 0; c < colours; c++) {
      int sample = sample(row, x * samples + c);
      clear = clear && sample == ((key[2 * c] & 0xFF) << 8 | key[2 * c + 1] & 0xFF);
      values[pixel * colours + c] = (byte) eightBits(sample);
    }
    return samples > colours ? eightBits(sample(row, x * samples + colours)) : clear ? 0 : 255;
  }

  private int sample(byte[] row, int i) {
    return switch (depth) {
      case 8 -> row[i] & 0xFF;
      case 16 -> (row[2 * i] & 0xFF) << 8 | row[2 * i + 1] & 0xFF;
      default -> row[i * depth / 8] >> 8 - depth - i * depth % 8 & (1 << depth) - 1;
    };
  }

  private int eightBits(int sample) {
    int max = (1 << depth) - 1;
    return max == 255 ? sample : (sample * 255 + max / 2) / max;
  }
}
