package dev.mezzotint.plot;

import dev.mezzotint.image.Pixels;
import java.awt.AWTError;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.util.List;
import java.util.Locale;

/**
 * A line chart, for loss curves and measurements. Drawing needs no display; without fonts the chart
 * has no labels.
 *
 * @param title above the chart
 * @param xLabel below the horizontal axis
 * @param yLabel left of the vertical axis
 * @param logarithmicX whether the horizontal axis is logarithmic; all x must then be above 0
 * @param logarithmic whether the vertical axis is logarithmic; values ≤ 0 are then omitted
 * @param lines later ones over earlier ones
 */
public record LineChart(
    String title,
    String xLabel,
    String yLabel,
    boolean logarithmicX,
    boolean logarithmic,
    List<Line> lines) {
  private static final int LEFT = 64;
  private static final int RIGHT = 20;
  private static final int TOP = 36;
  private static final int BOTTOM = 48;

  /** Height of a row of the legend. */
  private static final int ROW = 16;

  /** Width of a line's sample in the legend. */
  private static final int SWATCH = 20;

  private static final int GAP = 6;

  /** Larger values are treated as infinite, so that the length of an axis does not overflow. */
  private static final double VALUE_MAX = 1e300;

  private static final int INK = 0x333333;
  private static final int GRID = 0xE4E4E4;
  private static final int PALE_BLUE = 0xA9C5E0;
  private static final int DARK_BLUE = 0x1F4E79;

  public LineChart {
    lines = List.copyOf(lines);
  }

  /** With a linear horizontal axis. */
  public LineChart(
      String title, String xLabel, String yLabel, boolean logarithmic, List<Line> lines) {
    this(title, xLabel, yLabel, /* logarithmicX= */ false, logarithmic, lines);
  }

  /**
   * A line; points with non-finite x or y are omitted.
   *
   * @param name in the legend; empty for none
   * @param x rising
   * @param y as long as x
   * @param rgb 0xRRGGBB
   * @param width in pixels
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Line(String name, double[] x, double[] y, int rgb, float width) {
    public Line {
      if (x.length != y.length) {
        throw new IllegalArgumentException("a line has " + x.length + " x but " + y.length + " y");
      }
    }
  }

  /**
   * A loss curve on a logarithmic axis: every value in a pale colour, the moving mean over about
   * {@code window} values in a dark one.
   */
  public static LineChart loss(String title, double[] iterations, double[] losses, double window) {
    return new LineChart(
        title,
        "iteration",
        "loss",
        /* logarithmic= */ true,
        List.of(
            new Line("each step", iterations, losses, PALE_BLUE, 1),
            new Line("smoothed", iterations, smoothed(losses, window), DARK_BLUE, 2)));
  }

  /**
   * Exponential moving mean with time constant {@code window} ≥ 1 and bias correction, so that it
   * starts as a plain mean.
   */
  public static double[] smoothed(double[] values, double window) {
    double[] out = new double[values.length];
    double keep = 1 - 1 / Math.max(1, window);
    double sum = 0;
    double weight = 0;
    for (int i = 0; i < values.length; i++) {
      if (Double.isFinite(values[i])) {
        sum = keep * sum + values[i];
        weight = keep * weight + 1;
      }
      out[i] = sum / weight;
    }
    return out;
  }

  /**
   * Draws the chart as an RGB image.
   *
   * @param width at least 160
   * @param height at least 120
   */
  public Pixels draw(int width, int height) {
    if (width < 160 || height < 120 || width > 8192 || height > 8192) {
      throw new IllegalArgumentException(
          "a chart must be 160×120 to 8192×8192 pixels, not " + width + "×" + height);
    }
    return Raster.rgb(width, height, g -> drawOn(g, width, height));
  }

  private void drawOn(Graphics2D g, int width, int height) {
    double[] xs = range(/* vertical= */ false);
    Axis across = Axis.spanning(xs, logarithmicX, LEFT, width - RIGHT);
    Axis up = Axis.spanning(range(/* vertical= */ true), logarithmic, height - BOTTOM, TOP);
    drawGrid(g, across, up);
    g.setClip(LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM);
    List<Path2D> paths = lines.stream().map(line -> path(line, across, up)).toList();
    for (int i = 0; i < paths.size(); i++) {
      drawLine(g, lines.get(i), paths.get(i));
    }
    g.setClip(null);
    drawLabels(g, across, up, width, height, paths);
  }

  private double[] range(boolean vertical) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Line line : lines) {
      for (int i = 0; i < line.x.length; i++) {
        if (drawable(line, i)) {
          double value = vertical ? line.y[i] : line.x[i];
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    return new double[] {low, high};
  }

  private boolean drawable(Line line, int i) {
    return Math.abs(line.x[i]) <= VALUE_MAX
        && Math.abs(line.y[i]) <= VALUE_MAX
        && (!logarithmic || line.y[i] > 0);
  }

  private static void drawGrid(Graphics2D g, Axis across, Axis up) {
    g.setStroke(new BasicStroke(1));
    g.setColor(new Color(GRID));
    for (double tick : up.ticks()) {
      int y = (int) Math.round(up.pixel(tick));
      g.drawLine(across.start(), y, across.end(), y);
    }
    for (double tick : across.ticks()) {
      int x = (int) Math.round(across.pixel(tick));
      g.drawLine(x, up.start(), x, up.end());
    }
    g.setColor(new Color(INK));
    g.drawLine(across.start(), up.start(), across.end(), up.start());
    g.drawLine(across.start(), up.start(), across.start(), up.end());
  }

  /**
   * Points in one column of pixels are reduced to their lowest and highest: a million points draw
   * as fast as a thousand and look the same.
   */
  private Path2D path(Line line, Axis across, Axis up) {
    Path2D path = new Path2D.Double();
    int column = Integer.MIN_VALUE;
    double low = 0;
    double high = 0;
    for (int i = 0; i < line.x.length; i++) {
      if (!drawable(line, i)) {
        continue;
      }
      double x = across.pixel(line.x[i]);
      double y = up.pixel(line.y[i]);
      if ((int) x != column) {
        column = (int) x;
        low = y;
        high = y;
        if (path.getCurrentPoint() == null) {
          path.moveTo(x, y);
        }
        path.lineTo(x, y);
      } else if (y < low || y > high) {
        low = Math.min(low, y);
        high = Math.max(high, y);
        path.lineTo(x, y);
      }
    }
    return path;
  }

  private static void drawLine(Graphics2D g, Line line, Path2D path) {
    g.setColor(new Color(line.rgb));
    g.setStroke(new BasicStroke(line.width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    g.draw(path);
  }

  private void drawLabels(
      Graphics2D g, Axis across, Axis up, int width, int height, List<Path2D> paths) {
    try {
      g.setColor(new Color(INK));
      g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
      for (double tick : across.ticks()) {
        centred(g, number(tick), across.pixel(tick), up.start() + 16);
      }
      for (double tick : up.ticks()) {
        String text = number(tick);
        int textWidth = g.getFontMetrics().stringWidth(text);
        g.drawString(text, LEFT - 6 - textWidth, (int) Math.round(up.pixel(tick)) + 4);
      }
      drawLegend(g, width, height, paths);
      centred(g, xLabel, (across.start() + across.end()) / 2.0, height - 10);
      AffineTransform upright = g.getTransform();
      g.rotate(-Math.PI / 2);
      centred(g, yLabel, -(up.start() + up.end()) / 2.0, 14);
      g.setTransform(upright);
      g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 13));
      g.setColor(new Color(INK));
      centred(g, title, width / 2.0, 22);
    } catch (RuntimeException | LinkageError | InternalError | AWTError e) {
      // Minimal container images lack fontconfig or fonts; the exception depends on the JDK.
      System.getLogger(LineChart.class.getName())
          .log(System.Logger.Level.DEBUG, "No fonts found; the chart has no labels", e);
    }
  }

  /** Draws the legend in the corner that the fewest lines cross, preferably the upper right one. */
  private void drawLegend(Graphics2D g, int width, int height, List<Path2D> paths) {
    List<Line> named = lines.stream().filter(line -> !line.name.isEmpty()).toList();
    if (named.isEmpty()) {
      return;
    }
    int boxWidth =
        SWATCH
            + 3 * GAP
            + named.stream()
                .mapToInt(line -> g.getFontMetrics().stringWidth(line.name))
                .max()
                .orElse(0);
    int boxHeight = ROW * named.size() + GAP;
    List<Shape> drawn =
        paths.stream().map(path -> new BasicStroke(2).createStrokedShape(path)).toList();
    Rectangle box = new Rectangle(boxWidth, boxHeight);
    long fewest = Long.MAX_VALUE;
    for (int y : new int[] {TOP + GAP, height - BOTTOM - GAP - boxHeight}) {
      for (int x : new int[] {width - RIGHT - GAP - boxWidth, LEFT + GAP}) {
        Rectangle corner = new Rectangle(x, y, boxWidth, boxHeight);
        long crossing = drawn.stream().filter(shape -> shape.intersects(corner)).count();
        if (crossing < fewest) {
          fewest = crossing;
          box = corner;
        }
      }
    }
    g.setColor(new Color(255, 255, 255, 200));
    g.fill(box);
    int y = box.y + ROW;
    for (Line line : named) {
      int x = box.x + GAP;
      g.setColor(new Color(line.rgb));
      g.setStroke(new BasicStroke(Math.max(2, line.width)));
      g.drawLine(x, y - 4, x + SWATCH, y - 4);
      g.setColor(new Color(INK));
      g.drawString(line.name, x + SWATCH + GAP, y);
      y += ROW;
    }
  }

  private static void centred(Graphics2D g, String text, double x, int y) {
    int textWidth = g.getFontMetrics().stringWidth(text);
    g.drawString(text, (int) Math.round(x - textWidth / 2.0), y);
  }

  private static String number(double value) {
    double size = Math.abs(value);
    if (value != 0 && (size < 1e-4 || size >= 1e7)) {
      return String.format(Locale.ROOT, "%.0e", value);
    }
    String text = String.format(Locale.ROOT, "%.6f", value);
    return text.replaceAll("0+$", "").replaceAll("\\.$", "");
  }
}
