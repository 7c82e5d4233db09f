package dev.mezzotint.cli;

import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.plot.ScatterPlot;
import dev.mezzotint.sampling.ModelInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * Writes the output of {@code generate}: {@code samples.safetensors}; for images {@code 00000.png}…
 * and {@code grid.png}; for points of the plane {@code points.png}.
 */
final class SampleFiles {
  /** Half side of the plotted plane, which holds the usual densities and most of a Gaussian. */
  static final double EXTENT = 1.6;

  static final int PLANE_SIZE = 400;

  private SampleFiles() {}

  /**
   * @param samples C×H×W each
   * @param name of each file, without extension; may contain folders
   * @return the files' names
   */
  static List<String> write(Path out, ModelInfo info, float[][] samples, IntFunction<String> name)
      throws IOException {
    int values = info.channels() * info.height() * info.width();
    float[] all = new float[samples.length * values];
    for (int i = 0; i < samples.length; i++) {
      System.arraycopy(samples[i], 0, all, i * values, values);
    }
    SafeTensors.write(
        out.resolve("samples.safetensors"),
        Map.of(
            "samples",
            Tensor.ofFloats(all, samples.length, info.channels(), info.height(), info.width())),
        Map.of());
    List<String> written = new ArrayList<>(List.of("samples.safetensors"));
    if (info.channels() == 1 || info.channels() == 3) {
      written.addAll(images(out, info, samples, name));
    } else if (isPlanar(info)) {
      Files.write(
          out.resolve("points.png"),
          Png.encode(
              new ScatterPlot(PLANE_SIZE, EXTENT)
                  .points(points(samples), ScatterPlot.BLUE, 1.5)
                  .draw()));
      written.add("points.png");
    }
    return written;
  }

  static boolean isPlanar(ModelInfo info) {
    return info.channels() == 2 && info.height() == 1 && info.width() == 1;
  }

  private static List<String> images(
      Path out, ModelInfo info, float[][] samples, IntFunction<String> name) throws IOException {
    List<Pixels> grid = new ArrayList<>();
    List<String> written = new ArrayList<>();
    for (int i = 0; i < samples.length; i++) {
      Pixels pixels = Pixels.fromChw(samples[i], 0, info.channels(), info.height(), info.width());
      written.add(name.apply(i) + ".png");
      Path file = out.resolve(name.apply(i) + ".png");
      Files.createDirectories(Objects.requireNonNull(file.getParent()));
      Files.write(file, Png.encode(pixels));
      grid.add(pixels);
    }
    Files.write(out.resolve("grid.png"), Png.encode(Grid.square(grid)));
    written.add("grid.png");
    return written;
  }

  static double[][] points(float[][] samples) {
    double[][] points = new double[samples.length][2];
    for (int i = 0; i < samples.length; i++) {
      points[i][0] = samples[i][0];
      points[i][1] = samples[i][1];
    }
    return points;
  }
}
