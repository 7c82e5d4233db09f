package dev.mezzotint.plot;

import dev.mezzotint.image.Pixels;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A plot of points and paths in the plane, for densities and the flow between them. The square
 * [−extent, extent]² fills the image, y upwards; later marks cover earlier ones. Drawing needs no
 * display. Used by one thread.
 */
public final class ScatterPlot {
  /** Colours for p0, p1 and the paths between them, distinguishable in grey too. */
  public static final int BLUE = 0x2B6CB0;

  public static final int ORANGE = 0xDD6B20;
  public static final int GREY = 0x9AA5B1;

  private final int size;
  private final double extent;
  private final List<Consumer<Graphics2D>> marks = new ArrayList<>();

  /**
   * Creates an empty plot.
   *
   * @param size width and height in pixels, 16 to 4096
   * @param extent above 0
   */
  public ScatterPlot(int size, double extent) {
    if (size < 16 || size > 4096 || !(extent > 0)) {
      throw new IllegalArgumentException(
          "size must be 16 to 4096 and extent above 0, not " + size + " and " + extent);
    }
    this.size = size;
    this.extent = extent;
  }

  /**
   * Adds points.
   *
   * @param at n×2; not copied
   * @param rgb 0xRRGGBB
   * @param radius in pixels
   */
  public ScatterPlot points(double[][] at, int rgb, double radius) {
    marks.add(
        g -> {
          g.setColor(new Color(rgb));
          for (double[] p : at) {
            g.fill(
                new Ellipse2D.Double(x(p[0]) - radius, y(p[1]) - radius, 2 * radius, 2 * radius));
          }
        });
    return this;
  }

  /**
   * Adds a line through points in their order.
   *
   * @param through n×2; not copied
   */
  public ScatterPlot path(double[][] through, int rgb, float width) {
    marks.add(
        g -> {
          g.setColor(new Color(rgb));
          g.setStroke(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
          Path2D line = new Path2D.Double();
          line.moveTo(x(through[0][0]), y(through[0][1]));
          for (int i = 1; i < through.length; i++) {
            line.lineTo(x(through[i][0]), y(through[i][1]));
          }
          g.draw(line);
        });
    return this;
  }

  /** Draws all marks as an RGB image on white. */
  public Pixels draw() {
    return Raster.rgb(
        size,
        size,
        g -> {
          g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
          marks.forEach(mark -> mark.accept(g));
        });
  }

  private double x(double x) {
    return (x / extent + 1) / 2 * size;
  }

  private double y(double y) {
    return (1 - y / extent) / 2 * size;
  }
}
