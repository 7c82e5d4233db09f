package dev.mezzotint.image;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The classes of a label map and their colours. Immutable.
 *
 * @param entries one per class, in class order, at most {@value #ENTRIES_MAX}; colours and names
 *     are unique
 */
public record Palette(List<Entry> entries) {
  public static final int ENTRIES_MAX = 255;

  private static final Pattern COLOUR = Pattern.compile("#[0-9a-f]{6}");

  /**
   * The 19 evaluation classes of Cityscapes in the order of their train ids, and the colour of
   * everything else (Cordts et al., CVPR 2016, cityscapesScripts' label table).
   */
  public static final Palette CITYSCAPES =
      of(
          "road #804080",
          "sidewalk #f423e8",
          "building #464646",
          "wall #66669c",
          "fence #be9999",
          "pole #999999",
          "traffic-light #faaa1e",
          "traffic-sign #dcdc00",
          "vegetation #6b8e23",
          "terrain #98fb98",
          "sky #4682b4",
          "person #dc143c",
          "rider #ff0000",
          "car #00008e",
          "truck #000046",
          "bus #003c64",
          "train #005064",
          "motorcycle #0000e6",
          "bicycle #770b20",
          "void #000000");

  /**
   * One class.
   *
   * @param rgb red, green and blue in 24 bits
   */
  public record Entry(String name, int rgb) {
    public Entry {
      if (name.isBlank() || name.length() > 64) {
        throw new IllegalArgumentException("a class name must have 1 to 64 characters");
      }
      if (rgb < 0 || rgb > 0xFFFFFF) {
        throw new IllegalArgumentException(rgb + " is not a colour");
      }
    }

    /** {@code #rrggbb}. */
    public String colour() {
      return String.format(Locale.ROOT, "#%06x", rgb);
    }
  }

  /**
   * Checks the entries.
   *
   * @throws IllegalArgumentException if a colour or a name occurs twice, or there are too many
   */
  public Palette {
    entries = List.copyOf(entries);
    if (entries.isEmpty() || entries.size() > ENTRIES_MAX) {
      throw new IllegalArgumentException("a palette must have 1 to " + ENTRIES_MAX + " colours");
    }
    Set<Object> seen = new HashSet<>();
    for (Entry entry : entries) {
      if (!seen.add(entry.name()) || !seen.add(entry.rgb())) {
        throw new IllegalArgumentException(
            entry.name() + " " + entry.colour() + ": a name or colour occurs twice");
      }
    }
  }

  /**
   * Creates a palette from entries such as {@code road #804080}.
   *
   * @param words name, space and {@code #rrggbb} of each entry
   */
  public static Palette of(String... words) {
    return new Palette(Arrays.stream(words).map(Palette::entry).toList());
  }

  private static Entry entry(String words) {
    int space = words.lastIndexOf(' ');
    String colour = words.substring(space + 1).toLowerCase(Locale.ROOT);
    if (space < 1 || !COLOUR.matcher(colour).matches()) {
      throw new IllegalArgumentException(
          "a colour must be \"name #rrggbb\", not \"" + words + "\"");
    }
    return new Entry(words.substring(0, space), Integer.parseInt(colour.substring(1), 16));
  }

  public int classes() {
    return entries.size();
  }

  /**
   * Converts a label map to a grey image of class numbers.
   *
   * @param nearest whether a colour outside the palette becomes the class of the nearest colour
   *     (least squared distance in RGB)
   * @throws IOException if a pixel has no class; its message is the predicate of a sentence whose
   *     subject is the file's name
   */
  public Pixels labels(Pixels rgb, boolean nearest) throws IOException {
    if (rgb.channels() != 3) {
      throw new IllegalArgumentException("a label map must have 3 channels, not " + rgb.channels());
    }
    Map<Integer, Integer> known = new HashMap<>();
    for (int label = 0; label < entries.size(); label++) {
      known.put(entries.get(label).rgb(), label);
    }
    byte[] labels = new byte[rgb.width() * rgb.height()];
    int last = -1; // most pixels repeat the previous colour
    for (int i = 0; i < labels.length; i++) {
      int colour = colour(rgb.bytes(), 3 * i);
      if (colour == last) {
        labels[i] = labels[i - 1];
        continue;
      }
      Integer label = known.get(colour);
      if (label == null) {
        label = nearest ? nearest(colour) : refuse(colour, i, rgb.width());
        known.put(colour, label);
      }
      labels[i] = (byte) (int) label;
      last = colour;
    }
    return new Pixels(rgb.width(), rgb.height(), 1, labels);
  }

  /** The 24-bit colour of the pixel whose red sample is at index {@code at}. */
  public static int colour(byte[] rgb, int at) {
    return (rgb[at] & 0xFF) << 16 | (rgb[at + 1] & 0xFF) << 8 | rgb[at + 2] & 0xFF;
  }

  private int refuse(int colour, int pixel, int width) throws IOException {
    Entry near = entries.get(nearest(colour));
    throw new IOException(
        String.format(
            Locale.ROOT,
            "has the colour #%06x at pixel (%d, %d), which is not one of the palette's %d; the"
                + " nearest is %s %s",
            colour,
            pixel % width,
            pixel / width,
            entries.size(),
            near.colour(),
            near.name()));
  }

  private int nearest(int colour) {
    int best = 0;
    int least = Integer.MAX_VALUE;
    for (int label = 0; label < entries.size(); label++) {
      int other = entries.get(label).rgb();
      int distance = 0;
      for (int shift = 0; shift <= 16; shift += 8) {
        int difference = (colour >> shift & 0xFF) - (other >> shift & 0xFF);
        distance += difference * difference;
      }
      if (distance < least) {
        least = distance;
        best = label;
      }
    }
    return best;
  }

  /** Converts an image of class numbers to its colours. */
  public Pixels colours(Pixels labels) {
    byte[] rgb = new byte[3 * labels.bytes().length];
    for (int i = 0; i < labels.bytes().length; i++) {
      int colour = entries.get(labels.bytes()[i] & 0xFF).rgb();
      rgb[3 * i] = (byte) (colour >> 16);
      rgb[3 * i + 1] = (byte) (colour >> 8);
      rgb[3 * i + 2] = (byte) colour;
    }
    return new Pixels(labels.width(), labels.height(), 3, rgb);
  }

  /**
   * Writes the one-hot encoding, classes × height × width floats: 1 for the pixel's class, 0
   * elsewhere.
   *
   * @param labels an image of class numbers
   */
  public void oneHot(Pixels labels, float[] out, int offset) {
    int plane = labels.width() * labels.height();
    Arrays.fill(out, offset, offset + entries.size() * plane, 0);
    for (int i = 0; i < plane; i++) {
      out[offset + (labels.bytes()[i] & 0xFF) * plane + i] = 1;
    }
  }
}
