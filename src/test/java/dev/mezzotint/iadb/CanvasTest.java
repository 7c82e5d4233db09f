package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanvasTest {

  @ParameterizedTest
  @CsvSource({
    "16, 16, 16, 8, 1",
    "17, 40, 16, 4, 6",
    "40, 28, 16, 8, 12",
    "64, 16, 16, 1, 5",
    "9, 9, 4, 3, 36"
  })
  void tiles_coverTheCanvas_andOverlapAsWanted_orByOnePixelLess(
      int height, int width, int side, int overlap, int tiles) {
    Canvas canvas = new Canvas(height, width, side, side, overlap);
    assertThat(canvas.tiles()).isEqualTo(tiles);
    int[] covered = new int[height * width];
    for (int tile = 0; tile < tiles; tile++) {
      assertThat(canvas.top(tile)).isBetween(0, height - side);
      assertThat(canvas.left(tile)).isBetween(0, width - side);
      for (int y = 0; y < side; y++) {
        int row = (canvas.top(tile) + y) * width + canvas.left(tile);
        for (int x = 0; x < side; x++) {
          covered[row + x]++;
        }
      }
      if (tile > 0 && canvas.top(tile) == canvas.top(tile - 1)) {
        assertThat(canvas.left(tile) - canvas.left(tile - 1)).isBetween(1, side - overlap + 1);
      }
    }
    assertThat(Arrays.stream(covered).min().orElseThrow()).isGreaterThanOrEqualTo(1);
  }

  /** Otherwise the grid of a model with patches is at the same place in all tiles. */
  @ParameterizedTest
  @CsvSource({"16", "17", "2"})
  void everySecondTile_beginsAtAnOddPixel(int overlap) {
    Canvas canvas = new Canvas(64, 400, 64, 64, overlap);
    for (int tile = 0; tile < canvas.tiles() - 1; tile++) {
      assertThat(canvas.left(tile) % 2).isEqualTo(tile % 2);
    }
  }

  @ParameterizedTest
  @CsvSource({"17, 40, 4", "40, 33, 8", "16, 16, 3", "50, 50, 15"})
  void weights_sumToOne_atEachPixel(int height, int width, int overlap) {
    Canvas canvas = new Canvas(height, width, 16, 16, overlap);
    float[] field = new float[2 * height * width];
    Noise.gaussian(1, 0, field, 0, field.length);
    float[] sum = new float[field.length];
    float[] tile = new float[3 + 2 * 256];
    for (int i = 0; i < canvas.tiles(); i++) {
      canvas.cut(field, 2, i, tile, 3);
      canvas.add(tile, 3, 2, i, sum);
    }
    for (int i = 0; i < field.length; i++) {
      assertThat(sum[i]).isCloseTo(field[i], org.assertj.core.data.Offset.offset(1e-5f));
    }
  }

  /** The steepest part of a sin² window of 16 pixels rises by π/16 in each. */
  @Test
  void tilesThatDisagree_areBlendedWithoutASeam() {
    Canvas canvas = new Canvas(16, 37, 16, 16, 9);
    assertThat(canvas.tiles()).isEqualTo(4);
    float[] sum = new float[16 * 37];
    float[] tile = new float[256];
    for (int i = 0; i < 4; i++) {
      Arrays.fill(tile, i % 2);
      canvas.add(tile, 0, 1, i, sum);
    }
    double steepest = 0;
    for (int x = 1; x < 37; x++) {
      steepest = Math.max(steepest, Math.abs(sum[7 * 37 + x] - sum[7 * 37 + x - 1]));
    }
    assertThat(steepest).isBetween(0.1, Math.PI / 16);
    assertThat(sum[0]).isZero(); // only the first tile is there
    assertThat(sum[36]).isEqualTo(1);
  }

  @Test
  void noise_ofALargerCanvas_agreesWhereTheyOverlap() {
    float[] small = new float[3 * 20 * 30];
    float[] large = new float[3 * 50 * 70];
    Canvas.noise(5, 0, 3, 0, 0, 20, 30, small, 0);
    Canvas.noise(5, 0, 3, 0, 0, 50, 70, large, 0);
    float[] part = new float[1 + 3 * 7 * 9];
    Canvas.noise(5, 0, 3, 11, 13, 7, 9, part, 1);
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < 20; y++) {
        for (int x = 0; x < 30; x++) {
          float value = small[(c * 20 + y) * 30 + x];
          assertThat(large[(c * 50 + y) * 70 + x]).isEqualTo(value);
          if (y >= 11 && y < 18 && x >= 13 && x < 22) {
            assertThat(part[1 + (c * 7 + y - 11) * 9 + x - 13]).isEqualTo(value);
          }
        }
      }
    }
  }

  @Test
  void noise_isStandardNormal_andOtherForEachSeedRowAndChannel() {
    int values = 3 * 64 * 64;
    float[] noise = new float[values];
    float[] other = new float[values];
    float[] next = new float[values];
    float[] image = new float[values];
    Canvas.noise(9, 0, 3, 0, 0, 64, 64, noise, 0);
    Canvas.noise(10, 0, 3, 0, 0, 64, 64, other, 0);
    Canvas.noise(9, 1, 3, 0, 0, 64, 64, next, 0);
    Noise.gaussian(9, 0, image, 0, values);
    // Six standard errors of a mean of n products of independent standard normal values.
    double bound = 6 / Math.sqrt(values);
    assertThat(correlation(noise, other, 0)).isBetween(-bound, bound);
    assertThat(correlation(noise, next, 0)).isBetween(-bound, bound);
    assertThat(correlation(noise, image, 0)).isBetween(-bound, bound);
    assertThat(correlation(noise, noise, 1)).isBetween(-bound, bound);
    assertThat(correlation(noise, noise, 64)).isBetween(-bound, bound);
    assertThat(correlation(noise, noise, 64 * 64)).isBetween(-bound, bound);
    assertThat(correlation(noise, noise, 0)).isBetween(1 - 2 * bound, 1 + 2 * bound);
  }

  private static double correlation(float[] a, float[] b, int shift) {
    double sum = 0;
    for (int i = shift; i < a.length; i++) {
      sum += a[i] * b[i - shift];
    }
    return sum / a.length;
  }

  /** A field of each pixel alone: sampling by tiles must give what sampling the whole gives. */
  @ParameterizedTest
  @CsvSource({"EULER", "AB2", "HEUN"})
  void samplingByTiles_equalsSamplingTheWhole_whereDirectionsAgree(Solver solver) {
    Canvas canvas = new Canvas(20, 27, 8, 8, 4);
    float[] whole = new float[20 * 27];
    Canvas.noise(2, 0, 1, 0, 0, 20, 27, whole, 0);
    float[] tiled = whole.clone();
    float[] start = whole.clone();
    float[][] wholeMemory = new float[4][whole.length];
    float[][] tiledMemory = new float[4][whole.length];
    for (Stage stage : solver.stages(AlphaSchedule.UNIFORM.alphas(8))) {
      float[] d = new float[whole.length];
      for (int i = 0; i < d.length; i++) {
        d[i] = direction(whole[i], stage.alpha());
      }
      step(stage, d, whole, wholeMemory);
      float[] average = new float[tiled.length];
      float[] tile = new float[64];
      for (int i = 0; i < canvas.tiles(); i++) {
        canvas.cut(tiled, 1, i, tile, 0);
        for (int k = 0; k < 64; k++) {
          tile[k] = direction(tile[k], stage.alpha());
        }
        canvas.add(tile, 0, 1, i, average);
      }
      step(stage, average, tiled, tiledMemory);
    }
    for (int i = 0; i < whole.length; i++) {
      assertThat(tiled[i]).isCloseTo(whole[i], org.assertj.core.data.Offset.offset(1e-4f));
    }
    assertThat(tiled).isNotEqualTo(start);
  }

  /** From a standard normal density to one of mean 2 and deviation 1/2. */
  private static float direction(float x, double alpha) {
    double variance = (1 - alpha) * (1 - alpha) + alpha * alpha / 4;
    double gain = (alpha / 4 - (1 - alpha)) / variance;
    return (float) (2 + gain * (x - 2 * alpha));
  }

  private static void step(Stage stage, float[] d, float[] x, float[][] memory) {
    for (int i = 0; i < x.length; i++) {
      x[i] +=
          (float)
              (stage.g0() * d[i]
                  + stage.g1() * memory[0][i]
                  + stage.g2() * memory[1][i]
                  + stage.g3() * memory[2][i]);
    }
    memory[2] = memory[1];
    memory[1] = memory[0];
    memory[0] = d;
  }

  @Test
  void impossibleLayouts_areRefused() {
    assertThatThrownBy(() -> new Canvas(16, 15, 16, 16, 4))
        .hasMessage("width is 15, must be at least 16, that of a tile");
    assertThatThrownBy(() -> new Canvas(16, 16, 16, 16, 16))
        .hasMessage("overlap is 16, must be from 1 to 15");
    assertThatThrownBy(() -> new Canvas(16, 16, 16, 16, 0))
        .hasMessage("overlap is 0, must be from 1 to 15");
  }
}
