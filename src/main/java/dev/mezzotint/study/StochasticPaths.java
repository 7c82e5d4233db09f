package dev.mezzotint.study;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Deblending;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.plot.CaptionedGrid;
import dev.mezzotint.plot.ScatterPlot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The stochastic iteration at growing numbers of steps: random paths converge to the deterministic
 * one, at a distance that falls as 1/√T.
 */
public final class StochasticPaths {
  static final int[] STEPS = {6, 24, 96, 384};

  private static final int PANEL = 300;
  private static final int STARTS = 14;
  private static final int[] COLOURS = {
    0x2B6CB0, 0xDD6B20, 0x2F855A, 0xC53030, 0x6B46C1, 0x00838F, 0xB7791F
  };

  private StochasticPaths() {}

  /** From Gaussian noise to five points; the deterministic path of the same start in black. */
  public static StudyResult points() {
    float[][] data = {{-1f, 0.6f}, {-0.2f, 1.1f}, {1.1f, 0.7f}, {0.8f, -0.9f}, {-0.9f, -0.8f}};
    Density.Valued p0 = new Density.Gaussian(2, 0, 1);
    // Smoothed: on the points themselves the last step of the deterministic path would be a jump.
    SmoothedData field = new SmoothedData(data, 0.02);
    double[][] marks = new double[data.length][];
    for (int i = 0; i < data.length; i++) {
      marks[i] = new double[] {data[i][0], data[i][1]};
    }
    List<Pixels> panels = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (int steps : STEPS) {
      ScatterPlot plane = new ScatterPlot(PANEL, 2.4);
      double squares = 0;
      Deblending deblending = Deblending.ofData(data, p0);
      for (int i = 0; i < STARTS; i++) {
        double[] start = start(p0, i);
        double[][] path = path(deblending, steps, start, i);
        double[][] mean = followed(field, start);
        plane.path(path, COLOURS[i % COLOURS.length], 1);
        plane.path(mean, 0x000000, 1.2f);
        squares += squares(path, mean);
      }
      plane.points(marks, 0x000000, 3.5);
      panels.add(plane.draw());
      lines.add(
          Table.text(
              "%4d steps: root-mean-square distance from the deterministic path %.3f",
              steps, Math.sqrt(squares / STARTS)));
    }
    return result("paths-points", lines, panels);
  }

  /** From a triangle to a square, by rejection sampling. */
  public static StudyResult triangleToSquare() {
    Deblending deblending = Deblending.byRejection(Density.triangle(), Density.square());
    List<Pixels> panels = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (int steps : STEPS) {
      ScatterPlot plane = new ScatterPlot(PANEL, 1.15);
      plane.path(outline(-0.75, 0.75), ScatterPlot.GREY, 2);
      double half = Math.sqrt(3) / 2;
      plane.path(
          new double[][] {{-half, -0.5}, {half, -0.5}, {0, 1}, {-half, -0.5}}, ScatterPlot.GREY, 2);
      double[][] ends = new double[STARTS][];
      double squares = 0;
      for (int i = 0; i < STARTS; i++) {
        double[] start = start(Density.triangle(), i);
        double[][] path = path(deblending, steps, start, i);
        double[][] again = path(deblending, steps, start, i + STARTS);
        plane.path(path, COLOURS[i % COLOURS.length], 1);
        ends[i] = path[steps];
        squares += squares(path, again);
      }
      plane.points(ends, 0x000000, 2.5);
      panels.add(plane.draw());
      lines.add(
          Table.text(
              "%4d steps: root-mean-square distance of two paths from one start %.3f",
              steps, Math.sqrt(squares / STARTS)));
    }
    return result("paths-triangle-square", lines, panels);
  }

  private static StudyResult result(String name, List<String> lines, List<Pixels> panels) {
    List<String> captions = Arrays.stream(STEPS).mapToObj(steps -> steps + " steps").toList();
    byte[] png = Png.encode(CaptionedGrid.columns(panels, captions, /* factor= */ 1), 9);
    return new StudyResult(name, lines, Map.of(name + ".png", png));
  }

  private static double[] start(Density p0, int i) {
    double[] start = new double[2];
    p0.draw(new RandomStream(4, i), start);
    return start;
  }

  private static double[][] path(Deblending deblending, int steps, double[] start, int draws) {
    return deblending.iterate(
        AlphaSchedule.UNIFORM.alphas(steps), new RandomStream(5 + steps, draws), start);
  }

  private static double[][] followed(SmoothedData field, double[] start) {
    double[] alphas = AlphaSchedule.UNIFORM.alphas(STEPS[STEPS.length - 1]);
    double[][] path = new double[alphas.length][];
    path[0] = start.clone();
    for (int t = 0; t + 1 < alphas.length; t++) {
      path[t + 1] = path[t].clone();
      field.integrate(Solver.RK4.stages(new double[] {alphas[t], alphas[t + 1]}), path[t + 1]);
    }
    return path;
  }

  /** Mean over the coarser path's points of the squared distance at equal α. */
  private static double squares(double[][] path, double[][] other) {
    int each = (other.length - 1) / (path.length - 1);
    double sum = 0;
    for (int t = 1; t < path.length; t++) {
      double dx = path[t][0] - other[t * each][0];
      double dy = path[t][1] - other[t * each][1];
      sum += dx * dx + dy * dy;
    }
    return sum / (path.length - 1);
  }

  private static double[][] outline(double low, double high) {
    return new double[][] {{low, low}, {high, low}, {high, high}, {low, high}, {low, low}};
  }
}
