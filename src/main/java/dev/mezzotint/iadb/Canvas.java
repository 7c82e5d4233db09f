package dev.mezzotint.iadb;

/**
 * An image larger than those of a model, as overlapping tiles of the model's size: at each stage
 * the directions of the tiles are averaged, weighted by a smooth window, and the whole canvas takes
 * the step (Bar-Tal et al., MultiDiffusion, 2023, with directions in place of denoised images).
 *
 * <p>Tiles are numbered by rows from the top left. Neighbours overlap by the wanted number of
 * pixels, by one fewer or more if tiles would otherwise all begin at even pixels, and by more at
 * the last row and column, where the size requires it. Arrays of a canvas and of a tile are
 * channels × height × width. Immutable and safe for use by several threads.
 */
public final class Canvas {
  /** Separates the noise of canvases from that of images with the same seed. */
  private static final long FIELD = 0x63616e766173L;

  /** 2⁶⁴ divided by the golden ratio: consecutive indices are spread over all seeds. */
  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

  private final Axis down;
  private final Axis across;
  private final int overlap;

  /**
   * @param height of the canvas, at least that of a tile
   * @param width of the canvas, at least that of a tile
   * @param tileHeight height of the model's images
   * @param tileWidth width of the model's images
   * @param overlap of neighbouring tiles in pixels, from 1 to below the smaller side of a tile
   */
  public Canvas(int height, int width, int tileHeight, int tileWidth, int overlap) {
    down = Axis.of("height", height, tileHeight, overlap);
    across = Axis.of("width", width, tileWidth, overlap);
    this.overlap = overlap;
  }

  public int height() {
    return down.length;
  }

  public int width() {
    return across.length;
  }

  public int tileHeight() {
    return down.tile;
  }

  public int tileWidth() {
    return across.tile;
  }

  /** Pixels that neighbouring tiles share, at least. */
  public int overlap() {
    return overlap;
  }

  public int tiles() {
    return Math.multiplyExact(down.starts.length, across.starts.length);
  }

  public int top(int tile) {
    return down.starts[tile / across.starts.length];
  }

  public int left(int tile) {
    return across.starts[tile % across.starts.length];
  }

  /**
   * Writes x0 of a part of a canvas. Each value depends on seed, index, row, column and channel
   * alone: canvases of one seed have the same noise where they overlap, from the top left.
   *
   * @param index of the canvas in its request
   * @param channels of the canvas
   * @param out receives channels × height × width values from {@code offset} on
   */
  public static void noise(
      long seed,
      long index,
      int channels,
      int top,
      int left,
      int height,
      int width,
      float[] out,
      int offset) {
    long field = (seed ^ FIELD) + index * GOLDEN_RATIO;
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < height; y++) {
        long row = (long) (top + y) * channels + c;
        Noise.gaussian(field, row, left, out, offset + (c * height + y) * width, width);
      }
    }
  }

  /**
   * Copies a tile out of a canvas.
   *
   * @param canvas x or a condition of the canvas
   * @param out receives the tile from {@code offset} on
   */
  public void cut(float[] canvas, int channels, int tile, float[] out, int offset) {
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < down.tile; y++) {
        System.arraycopy(
            canvas,
            (c * height() + top(tile) + y) * width() + left(tile),
            out,
            offset + (c * down.tile + y) * across.tile,
            across.tile);
      }
    }
  }

  /**
   * Adds the weighted directions of a tile to those of the canvas. The sum over all tiles is their
   * average, because the weights of each pixel sum to one. Sums of floats depend on their order:
   * for the same bits each time, tiles are added in the order of their numbers.
   *
   * @param directions of the tile, read from {@code offset} on
   * @param canvas sums so far; zeros before the first tile
   */
  public void add(float[] directions, int offset, int channels, int tile, float[] canvas) {
    double[] rows = down.weights[tile / across.starts.length];
    double[] columns = across.weights[tile % across.starts.length];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < down.tile; y++) {
        int from = offset + (c * down.tile + y) * across.tile;
        int to = (c * height() + top(tile) + y) * width() + left(tile);
        for (int x = 0; x < across.tile; x++) {
          canvas[to + x] += (float) (rows[y] * columns[x] * directions[from + x]);
        }
      }
    }
  }

  /**
   * The tiles along one side of the canvas. Every second tile begins at an odd pixel: models that
   * fold patches of pixels into channels leave a faint grid of the size of a patch, which then
   * cancels where tiles overlap instead of being the same in all of them. The weight of a pixel in
   * a tile is the product of those of its row and column, so that they sum to one if those of both
   * sides do.
   *
   * @param starts first pixel of each tile
   * @param weights for each tile, of its pixels
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Axis(int length, int tile, int[] starts, double[][] weights) {

    static Axis of(String name, int length, int tile, int overlap) {
      if (overlap < 1 || overlap >= tile) {
        throw new IllegalArgumentException(
            "overlap is " + overlap + ", must be from 1 to " + (tile - 1));
      }
      if (length < tile) {
        throw new IllegalArgumentException(
            name + " is " + length + ", must be at least " + tile + ", that of a tile");
      }
      int stride = tile - overlap;
      int[] starts = new int[1 + (length - tile + stride - 1) / stride];
      int moved = stride % 2 == 0 && overlap > 1 ? 1 : 0;
      for (int i = 0; i < starts.length; i++) {
        starts[i] = i * stride - i % 2 * moved;
      }
      starts[starts.length - 1] = length - tile;
      return new Axis(length, tile, starts, weights(length, tile, starts));
    }

    /** sin² windows, which are smooth and nowhere zero, divided by their sum at each pixel. */
    private static double[][] weights(int length, int tile, int[] starts) {
      double[] sums = new double[length];
      double[][] weights = new double[starts.length][tile];
      for (int i = 0; i < starts.length; i++) {
        for (int k = 0; k < tile; k++) {
          double sine = StrictMath.sin(Math.PI * (k + 0.5) / tile);
          weights[i][k] = sine * sine;
          sums[starts[i] + k] += weights[i][k];
        }
      }
      for (int i = 0; i < starts.length; i++) {
        for (int k = 0; k < tile; k++) {
          weights[i][k] /= sums[starts[i] + k];
        }
      }
      return weights;
    }
  }
}
