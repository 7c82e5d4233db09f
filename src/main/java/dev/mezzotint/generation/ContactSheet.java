package dev.mezzotint.generation;

import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.sampling.ModelInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Condition, reference and what was made of them beside each other, a row for each frame: {@code
 * input | reference | generation 1 | generation 2}. Used by one thread.
 */
public final class ContactSheet {
  /** Of a longer clip, frames that are spread evenly over it. */
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

  /** Which frames a sheet of them shows, rising. */
  public static List<Integer> selectFrames(Frames frames, ModelInfo model) {
    long row = (long) model.height() * model.width();
    row *= model.condition().size() + 1 + Math.min(GENERATIONS_MAX, frames.variations());
    int rows = (int) Math.max(1, Math.min(ROWS_MAX, Plan.GRID_PIXELS_MAX / row));
    int all = frames.frames().size();
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < Math.min(rows, all); i++) {
      chosen.add((int) ((long) i * all / Math.min(rows, all)));
    }
    return chosen;
  }

  /** One frame of a clip: variations beside each other. */
  public static Pixels sideBySide(List<Pixels> pictures) {
    return pictures.size() == 1 ? pictures.get(0) : Grid.of(pictures, pictures.size(), PADDING);
  }

  /** Stands where there is no reference. */
  public static Pixels blank(ModelInfo model) {
    byte[] white = new byte[3 * model.height() * model.width()];
    Arrays.fill(white, (byte) 0xFF);
    return new Pixels(model.width(), model.height(), 3, white);
  }

  /**
   * One row; all rows have as many pictures.
   *
   * @param shown the parts of the condition and the reference
   * @param made files of the variations
   */
  void add(List<Pixels> shown, List<byte[]> made) {
    addRow(
        shown,
        made.stream().limit(GENERATIONS_MAX).map(file -> Encoding.read(file, model)).toList());
  }

  /** As {@link #add}, with the variations as pictures. */
  public void addRow(List<Pixels> shown, List<Pixels> made) {
    List<Pixels> row = new ArrayList<>(shown);
    made.stream().limit(GENERATIONS_MAX).map(pixels -> pixels.withChannels(3)).forEach(row::add);
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
