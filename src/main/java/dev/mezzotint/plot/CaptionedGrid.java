package dev.mezzotint.plot;

import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import java.awt.AWTError;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** A grid of enlarged RGB images, with words above its columns or to the left of its rows. */
public final class CaptionedGrid {
  private static final int PADDING = 2;
  private static final int MARGIN = 8;
  private static final int SIDE = 110; // of words to the left

  private CaptionedGrid() {}

  /**
   * Arranges images row by row.
   *
   * @param images RGB, of one size
   * @param captions one for each column
   * @param factor each pixel becomes so many in both directions
   */
  public static Pixels columns(List<Pixels> images, List<String> captions, int factor) {
    Pixels grid = Resize.enlarge(Grid.of(images, captions.size(), PADDING), factor);
    return withWords(grid, () -> withHeads(grid, captions, factor));
  }

  private static Pixels withHeads(Pixels grid, List<String> captions, int factor) {
    int column = (grid.width() - PADDING * factor) / captions.size();
    List<List<String>> words = new ArrayList<>();
    captions.forEach(caption -> words.add(wrapped(caption, column - MARGIN)));
    int lines = words.stream().mapToInt(List::size).max().orElseThrow();
    int top = lines * lineHeight() + MARGIN;
    Pixels heads =
        Raster.rgb(
            grid.width(),
            top,
            g -> {
              for (int i = 0; i < words.size(); i++) {
                List<String> caption = words.get(i);
                int middle = PADDING * factor / 2 + column * i + column / 2;
                int y = top - MARGIN / 2 - caption.size() * lineHeight();
                write(g, caption, middle, /* centred= */ true, y);
              }
            });
    byte[] bytes = new byte[3 * grid.width() * (top + grid.height())];
    System.arraycopy(heads.bytes(), 0, bytes, 0, heads.bytes().length);
    System.arraycopy(grid.bytes(), 0, bytes, heads.bytes().length, grid.bytes().length);
    return new Pixels(grid.width(), top + grid.height(), 3, bytes);
  }

  /**
   * Arranges images row by row.
   *
   * @param images RGB, of one size
   * @param captions one for each row
   * @param factor each pixel becomes so many in both directions
   */
  public static Pixels rows(List<Pixels> images, int columns, List<String> captions, int factor) {
    Pixels grid = Resize.enlarge(Grid.of(images, columns, PADDING), factor);
    return withWords(grid, () -> withSides(grid, captions, factor));
  }

  private static Pixels withSides(Pixels grid, List<String> captions, int factor) {
    int row = (grid.height() - PADDING * factor) / captions.size();
    Pixels heads =
        Raster.rgb(
            SIDE,
            grid.height(),
            g -> {
              for (int i = 0; i < captions.size(); i++) {
                List<String> caption = wrapped(captions.get(i), SIDE - 2 * MARGIN);
                int middle = PADDING * factor / 2 + row * i + row / 2;
                int y = middle - caption.size() * lineHeight() / 2;
                write(g, caption, MARGIN, /* centred= */ false, y);
              }
            });
    int width = SIDE + grid.width();
    byte[] bytes = new byte[3 * width * grid.height()];
    for (int y = 0; y < grid.height(); y++) {
      System.arraycopy(heads.bytes(), 3 * SIDE * y, bytes, 3 * width * y, 3 * SIDE);
      System.arraycopy(
          grid.bytes(), 3 * grid.width() * y, bytes, 3 * (width * y + SIDE), 3 * grid.width());
    }
    return new Pixels(width, grid.height(), 3, bytes);
  }

  private static Pixels withWords(Pixels grid, Supplier<Pixels> drawn) {
    try {
      return drawn.get();
    } catch (RuntimeException | LinkageError | InternalError | AWTError e) {
      // As for charts: minimal container images lack fontconfig or fonts.
      System.getLogger(CaptionedGrid.class.getName())
          .log(System.Logger.Level.DEBUG, "No fonts found; the sheet has no words", e);
      return grid;
    }
  }

  private static void write(Graphics2D g, List<String> lines, int x, boolean centred, int top) {
    g.setFont(font());
    g.setColor(Color.DARK_GRAY);
    FontMetrics metrics = g.getFontMetrics();
    for (int i = 0; i < lines.size(); i++) {
      int left = centred ? x - metrics.stringWidth(lines.get(i)) / 2 : x;
      g.drawString(lines.get(i), left, top + i * lineHeight() + metrics.getAscent());
    }
  }

  /** Lines that fit into a width, if their words do. */
  private static List<String> wrapped(String text, int width) {
    List<String> lines = new ArrayList<>();
    for (String word : text.split(" ", -1)) {
      String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
      String longer = last + " " + word;
      if (lines.isEmpty() || Raster.metrics(font()).stringWidth(longer) > width) {
        lines.add(word);
      } else {
        lines.set(lines.size() - 1, longer);
      }
    }
    return lines;
  }

  private static Font font() {
    return new Font(Font.SANS_SERIF, Font.PLAIN, 12);
  }

  private static int lineHeight() {
    return Raster.metrics(font()).getHeight();
  }
}
