package dev.mezzotint.study;

import dev.mezzotint.evaluation.Metric;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.model.ModelCard.TunedSteps;
import dev.mezzotint.plot.LineChart.Line;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures the quality of a model's images by evaluations of the network: the patch distance from
 * held-out images, divided by that of real images.
 */
final class QualityStudy {
  private static final int[] EVALUATIONS = {1, 2, 4, 8, 16, 32};
  private static final int[] COLOURS = {0xC53030, 0xB7791F, 0x2F855A, 0x6B46C1, 0x2B6CB0};
  private static final int LABEL = 12;
  private static final int NUMBER = 10;

  private QualityStudy() {}

  /** Draws images and measures them. */
  @FunctionalInterface
  interface Measurement {
    /** The patch distances of each level, then of their mean. */
    List<Metric> of(List<Stage> stages) throws IOException;
  }

  /**
   * @param tuned step placements of the model, measured too; may be empty
   */
  static StudyResult run(
      String name, Solver solver, List<TunedSteps> tuned, Measurement measurement)
      throws IOException {
    int perStep = solver.evaluationsPerStep();
    int[] evaluations = Arrays.stream(EVALUATIONS).filter(n -> n >= perStep).toArray();
    List<List<Metric>> measured = new ArrayList<>();
    for (int n : evaluations) {
      measured.add(measurement.of(solver.stages(AlphaSchedule.UNIFORM.alphas(n / perStep))));
    }
    String title = name + ", " + solver.wireName() + ": patch distance / that of real images";
    List<String> lines = new ArrayList<>(List.of(title));
    lines.add(Table.head("evaluations", LABEL, NUMBER, evaluations));
    List<Line> curves = new ArrayList<>();
    double[] x = Arrays.stream(evaluations).asDoubleStream().toArray();
    int levels = measured.get(0).size() - 1;
    for (int i = 0; i <= levels; i++) {
      int level = i;
      double[] ratios = measured.stream().mapToDouble(m -> m.get(level).ratio()).toArray();
      String label =
          i == levels ? "mean" : measured.get(0).get(i).key().replace("slicedWasserstein", "");
      lines.add(Table.row(label, LABEL, "%10.2f", ratios));
      curves.add(
          new Line(
              label,
              x,
              ratios,
              i == levels ? 0 : COLOURS[i % COLOURS.length],
              i == levels ? 3 : 2));
    }
    List<TunedSteps> placed =
        tuned.stream().filter(steps -> steps.solver().evaluationsPerStep() == 1).toList();
    double[] tunedX = new double[placed.size()];
    double[] tunedY = new double[placed.size()];
    for (int i = 0; i < tunedX.length; i++) {
      TunedSteps steps = placed.get(i);
      tunedX[i] = steps.steps();
      tunedY[i] =
          measurement
              .of(steps.solver().stages(AlphaSchedule.listed(steps.alphas()).alphas(steps.steps())))
              .get(levels)
              .ratio();
      lines.add(
          Table.text(
              "%s in %d tuned steps: mean %.2f",
              steps.solver().wireName(), steps.steps(), tunedY[i]));
    }
    if (tunedX.length > 0) {
      curves.add(new Line("mean, tuned", tunedX, tunedY, 0x00838F, 3));
    }
    return StudyResult.charted(
        "quality",
        lines,
        "quality-" + name + ".png",
        title,
        "evaluations",
        "ratio, 1 is as near as real images",
        curves);
  }
}
