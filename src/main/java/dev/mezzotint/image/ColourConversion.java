package dev.mezzotint.image;

import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.color.ProfileDataException;
import java.awt.image.ColorConvertOp;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Converts stored samples to sRGB. Used by one thread. */
interface ColourConversion {
  /** Where a profile names its colours. */
  int SPACE_AT = 16;

  /**
   * Converts some pixels.
   *
   * @param values of as many colours as the image has
   * @param rgb three for each pixel
   */
  void convert(byte[] values, int count, byte[] rgb);

  /**
   * Takes grey and RGB as sRGB; CMYK is multiplied out, as for inks that absorb one primary each.
   *
   * @param colours 1, 3 or 4
   */
  static ColourConversion asStored(int colours) {
    return switch (colours) {
      case 1 -> ColourConversion::fromGrey;
      case 3 -> (values, count, rgb) -> System.arraycopy(values, 0, rgb, 0, 3 * count);
      case 4 -> ColourConversion::fromCmyk;
      default -> throw new IllegalArgumentException(colours + " colours");
    };
  }

  private static void fromGrey(byte[] values, int count, byte[] rgb) {
    for (int i = 0; i < count; i++) {
      Arrays.fill(rgb, 3 * i, 3 * i + 3, values[i]);
    }
  }

  private static void fromCmyk(byte[] values, int count, byte[] rgb) {
    for (int i = 0; i < count; i++) {
      int light = 255 - (values[4 * i + 3] & 0xFF);
      for (int c = 0; c < 3; c++) {
        rgb[3 * i + c] = (byte) (((255 - (values[4 * i + c] & 0xFF)) * light + 127) / 255);
      }
    }
  }

  /**
   * Applies the embedded profile, if there is one. A profile that hardly differs from sRGB changes
   * nothing, so that files with and without it give the same pixels.
   *
   * @throws IOException if the profile is broken or for other colours
   */
  static ColourConversion of(EncodedImage image) throws IOException {
    ColourConversion stored = asStored(image.colours);
    byte[] icc = image.profile();
    if (icc.length == 0) {
      return stored;
    }
    // An RGB profile in a grey file is usual: programs keep the profile that they work in.
    boolean expanded = image.colours == 1 && FileKind.matches(icc, SPACE_AT, "RGB ");
    String space = expanded ? "RGB " : space(image.colours);
    if (icc.length > SPACE_AT + 4 && !FileKind.matches(icc, SPACE_AT, space)) {
      throw image.unread(
          "%s samples and a colour profile for \"%s\""
              .formatted(
                  space(image.colours).trim(),
                  new String(icc, SPACE_AT, 4, StandardCharsets.US_ASCII).trim()));
    }
    try {
      ColourConversion converted = through(ICC_Profile.getInstance(icc));
      converted.convert(new byte[4], 1, new byte[3]); // refuses most broken profiles
      if (space.equals("RGB ") && isNearlySrgb(converted)) {
        return stored;
      }
      return expanded
          ? (values, count, rgb) -> {
            byte[] grey = new byte[3 * count];
            stored.convert(values, count, grey);
            converted.convert(grey, count, rgb);
          }
          : converted;
    } catch (IllegalArgumentException | CMMException | ProfileDataException e) {
      throw image.unread("a broken colour profile; it can be read without: " + e.getMessage());
    }
  }

  /** The signature of a colour space in a profile. */
  private static String space(int colours) {
    return colours == 1 ? "GRAY" : colours == 3 ? "RGB " : "CMYK";
  }

  private static ColourConversion through(ICC_Profile profile) {
    int colours = new ICC_ColorSpace(profile).getNumComponents(); // checks the profile's class
    ICC_Profile srgb = ICC_Profile.getInstance(ColorSpace.CS_sRGB);
    ColorConvertOp operation = new ColorConvertOp(new ICC_Profile[] {profile, srgb}, null);
    return (values, count, rgb) ->
        operation.filter(raster(values, count, colours), raster(rgb, count, 3));
  }

  private static WritableRaster raster(byte[] values, int count, int colours) {
    int[] offsets = {0, 1, 2, 3};
    return Raster.createInterleavedRaster(
        new DataBufferByte(values, colours * count),
        count,
        1,
        colours * count,
        colours,
        Arrays.copyOf(offsets, colours),
        null);
  }

  /** Whether no colour of a coarse grid moves by more than one step. */
  private static boolean isNearlySrgb(ColourConversion conversion) {
    byte[] grid = new byte[3 * 9 * 9 * 9];
    for (int i = 0; i < grid.length / 3; i++) {
      grid[3 * i] = (byte) (i / 81 * 255 / 8);
      grid[3 * i + 1] = (byte) (i / 9 % 9 * 255 / 8);
      grid[3 * i + 2] = (byte) (i % 9 * 255 / 8);
    }
    byte[] rgb = new byte[grid.length];
    conversion.convert(grid, grid.length / 3, rgb);
    for (int i = 0; i < grid.length; i++) {
      if (Math.abs((grid[i] & 0xFF) - (rgb[i] & 0xFF)) > 1) {
        return false;
      }
    }
    return true;
  }
}
