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
  private final List<Mark> marks = new ArrayList<>();

  private sealed interface Mark {
    record Points(double[][] at, int rgb, double radius) implements Mark {}

    record Path(double[][] through, int rgb, float width) implements Mark {}
  }

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
    marks.add(new Mark.Points(at, rgb, radius));
    return this;
  }

  /**
   * Adds a line through points in their order.
   *
   * @param through n×2; not copied
   */
  public ScatterPlot path(double[][] through, int rgb, float width) {
    marks.add(new Mark.Path(through, rgb, width));
    return this;
  }

  /** Draws all marks as an RGB image on white. */
  public Pixels draw() {
    return Raster.rgb(size, size, this::drawMarks);
  }

  private void drawMarks(Graphics2D g) {
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    for (Mark mark : marks) {
      if (mark instanceof Mark.Points points) {
        g.setColor(new Color(points.rgb));
        for (double[] at : points.at) {
          double r = points.radius;
          g.fill(new Ellipse2D.Double(x(at[0]) - r, y(at[1]) - r, 2 * r, 2 * r));
        }
      } else if (mark instanceof Mark.Path path) {
        g.setColor(new Color(path.rgb));
        g.setStroke(new BasicStroke(path.width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        Path2D line = new Path2D.Double();
        line.moveTo(x(path.through[0][0]), y(path.through[0][1]));
        for (int i = 1; i < path.through.length; i++) {
          line.lineTo(x(path.through[i][0]), y(path.through[i][1]));
        }
        g.draw(line);
      }
    }
  }

  private double x(double x) {
    return (x / extent + 1) / 2 * size;
  }

  private double y(double y) {
    return (1 - y / extent) / 2 * size;
  }
}
