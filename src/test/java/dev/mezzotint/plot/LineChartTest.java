package dev.mezzotint.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LineChartTest {
  @Test
  void draw_placesALineAtItsValues() {
    double[] x = {0, 1, 2};
    var line = new LineChart.Line("", x, new double[] {1, 1, 3}, 0xFF0000, 3);
    Pixels chart = new LineChart("t", "x", "y", false, List.of(line)).draw(400, 300);
    assertThat(count(chart, 0xFF0000)).isBetween(200, 4000);
    // The first half is level at the bottom of the range, the second rises to its top.
    assertThat(rgb(chart, 64 + 79, 300 - 48 - 1)).isEqualTo(0xFF0000);
    assertThat(rgb(chart, 64 + 79, 100)).isNotEqualTo(0xFF0000);
  }

  @Test
  void draw_manyPoints_isFast() throws Exception {
    double[] x = new double[200_000];
    double[] y = new double[x.length];
    Random random = new Random(1);
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
      y[i] = (0.13 + 0.9 * Math.exp(-i / 9000.0)) * Math.exp(0.15 * random.nextGaussian());
    }
    long started = System.nanoTime();
    byte[] png = Png.encode(LineChart.loss("A loss", x, y, 500).draw(900, 420));
    assertThat((System.nanoTime() - started) / 1e9).isLessThan(20);
    assertThat(png.length).isBetween(2_000, 300_000);
  }

  @Test
  void draw_emptySingleAndNonFiniteValues_givesAChart() {
    double[] none = {};
    double[] one = {5};
    double[] extreme = {1e-320, 1e299, 1, 1e308, -1e299};
    double[] bad = {Double.NaN, Double.POSITIVE_INFINITY, -1, 0};
    for (boolean logarithmic : new boolean[] {false, true}) {
      for (double[] y : new double[][] {none, one, extreme, bad}) {
        double[] x = new double[y.length];
        var line = new LineChart.Line("l", x, y, 0, 1);
        Pixels chart = new LineChart("", "", "", logarithmic, List.of(line)).draw(200, 150);
        assertThat(chart.width()).isEqualTo(200);
      }
    }
    assertThat(new LineChart("", "", "", true, List.of()).draw(200, 150).height()).isEqualTo(150);
  }

  @Test
  void smoothed_startsAsMeanAndDecays() {
    double[] values = {4, 2, Double.NaN, 0};
    double[] smooth = LineChart.smoothed(values, 1e9);
    assertThat(smooth[1]).isCloseTo(3, within(1e-6));
    assertThat(smooth[2]).isCloseTo(3, within(1e-6));
    assertThat(smooth[3]).isCloseTo(2, within(1e-6));
    assertThat(LineChart.smoothed(values, 1)).containsExactly(4, 2, 2, 0);
  }

  @Test
  void ticks_areRoundNumbers() {
    assertThat(new Axis(0, 1, false, 0, 100).ticks()).hasSizeBetween(5, 7).contains(0.0, 1.0);
    assertThat(new Axis(0, 1534, false, 0, 100).ticks()).containsExactly(0., 500., 1000., 1500.);
    assertThat(new Axis(0.09, 2, true, 0, 100).ticks()).contains(0.1, 0.5, 2.0).doesNotContain(5.);
    assertThat(new Axis(1e-6, 1, true, 0, 100).ticks()).hasSize(7);
    double next = Math.nextUp(1.0);
    assertThat(new Axis(1, next, false, 0, 100).ticks().size()).isLessThan(20);
    assertThat(new Axis(0.11, 0.19, true, 0, 100).ticks().size()).isBetween(3, 10);
  }

  @Test
  void legend_isWhereNoLineIs() {
    double[] x = {0, 1, 2, 3};
    var top = new LineChart.Line("top", x, new double[] {8, 8, 8, 8}, 0xFF0000, 3);
    var left = new LineChart.Line("left", x, new double[] {0, 9, 9, 9}, 0x00FF00, 3);
    Pixels chart = new LineChart("t", "x", "y", false, List.of(top, left)).draw(400, 300);
    byte[] untitled = new LineChart("", "x", "y", false, List.of(top, left)).draw(400, 300).bytes();
    assumeThat(chart.bytes()).as("fonts are installed").isNotEqualTo(untitled);
    int sample = 0;
    for (int column = 300; column < 380; column++) {
      for (int row = 200; row < 250; row++) {
        sample += rgb(chart, column, row) == 0xFF0000 ? 1 : 0;
      }
    }
    assertThat(sample).as("sample of the first line in the lower right corner").isGreaterThan(20);
  }

  @Test
  void draw_sizeOutOfRange_throws() {
    var chart = new LineChart("", "", "", false, List.of());
    assertThatIllegalArgumentException().isThrownBy(() -> chart.draw(10, 10));
    assertThatIllegalArgumentException().isThrownBy(() -> chart.draw(100_000, 400));
  }

  private static int count(Pixels chart, int wanted) {
    int count = 0;
    for (int i = 0; i < chart.width() * chart.height(); i++) {
      count += rgb(chart, i % chart.width(), i / chart.width()) == wanted ? 1 : 0;
    }
    return count;
  }

  private static int rgb(Pixels chart, int x, int y) {
    int at = 3 * (y * chart.width() + x);
    return (chart.bytes()[at] & 0xFF) << 16
        | (chart.bytes()[at + 1] & 0xFF) << 8
        | chart.bytes()[at + 2] & 0xFF;
  }
}
