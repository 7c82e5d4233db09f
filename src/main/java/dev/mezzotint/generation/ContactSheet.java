package dev.mezzotint.generation;

import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.sampling.ModelInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Draws condition, reference and generated images side by side, a row for each frame: {@code input
 * | reference | generation 1 | generation 2}. Used by one thread.
 */
public final class ContactSheet {
  /** Rows; of a longer clip, frames spread evenly over it are shown. */
  static final int ROWS_MAX = 32;

  /** Variations of a frame. */
  static final int GENERATIONS_MAX = 4;

  private static final int PADDING = 2;

  private final ModelInfo model;
  private final List<Pixels> cells = new ArrayList<>();
  private int columns;

  public ContactSheet(ModelInfo model) {
    this.model = model;
  }

  /** The frames that a sheet shows, in order. */
  public static List<Integer> selectFrames(Frames frames, ModelInfo model) {
    long row = (long) model.height() * model.width();
    row *= model.condition().size() + 1 + Math.min(GENERATIONS_MAX, frames.variations());
    int rows = (int) Math.max(1, Math.min(ROWS_MAX, Plan.GRID_PIXELS_MAX / row));
    int all = frames.frames().size();
    List<Integer> selected = new ArrayList<>();
    for (int i = 0; i < Math.min(rows, all); i++) {
      selected.add((int) ((long) i * all / Math.min(rows, all)));
    }
    return selected;
  }

  /** Variations next to each other: one frame of a clip. */
  public static Pixels sideBySide(List<Pixels> images) {
    return images.size() == 1 ? images.get(0) : Grid.of(images, images.size(), PADDING);
  }

  /** A white image, shown where there is no reference. */
  public static Pixels blank(ModelInfo model) {
    byte[] white = new byte[3 * model.height() * model.width()];
    Arrays.fill(white, (byte) 0xFF);
    return new Pixels(model.width(), model.height(), 3, white);
  }

  /** As {@link #addRow}, with the files of the variations. */
  void addFiles(List<Pixels> inputs, List<byte[]> files) {
    addRow(
        inputs,
        files.stream().limit(GENERATIONS_MAX).map(file -> Encoding.read(file, model)).toList());
  }

  /**
   * Adds a row; all rows have the same number of images.
   *
   * @param inputs the parts of the condition, and the reference
   * @param generated the variations
   */
  public void addRow(List<Pixels> inputs, List<Pixels> generated) {
    List<Pixels> row = new ArrayList<>(inputs);
    generated.stream()
        .limit(GENERATIONS_MAX)
        .map(pixels -> pixels.withChannels(3))
        .forEach(row::add);
    columns = Math.max(columns, row.size());
    cells.addAll(row);
  }

  public boolean isEmpty() {
    return cells.isEmpty();
  }

  public Pixels draw() {
    return Grid.of(cells, columns, PADDING);
  }
}
