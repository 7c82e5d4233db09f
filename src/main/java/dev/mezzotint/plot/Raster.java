package dev.mezzotint.plot;

import dev.mezzotint.image.Pixels;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.function.Consumer;

/** Draws into memory, without a display. */
final class Raster {
  static {
    // Without this, drawing into memory fails if DISPLAY is set but not reachable.
    if (System.getProperty("java.awt.headless") == null) {
      System.setProperty("java.awt.headless", "true");
    }
  }

  private Raster() {}

  /** How wide and high texts of a font are. */
  static FontMetrics metrics(Font font) {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      return g.getFontMetrics(font);
    } finally {
      g.dispose();
    }
  }

  /** Runs {@code draw} on a white image and returns it as RGB. */
  static Pixels rgb(int width, int height, Consumer<Graphics2D> draw) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      g.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      g.setColor(Color.WHITE);
      g.fillRect(0, 0, width, height);
      draw.accept(g);
    } finally {
      g.dispose();
    }
    byte[] bytes = new byte[width * height * 3];
    int at = 0;
    for (int rgb : image.getRGB(0, 0, width, height, null, 0, width)) {
      bytes[at++] = (byte) (rgb >> 16);
      bytes[at++] = (byte) (rgb >> 8);
      bytes[at++] = (byte) rgb;
    }
    return new Pixels(width, height, 3, bytes);
  }
}
