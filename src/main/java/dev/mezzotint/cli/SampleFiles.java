package dev.mezzotint.cli;

import dev.mezzotint.generation.ImageSettings;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.image.Resize;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.plot.ScatterPlot;
import dev.mezzotint.sampling.ModelInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
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

  static final String GRID = "grid.png";

  private final Path out;
  private final ModelInfo info;
  private final IntFunction<String> name;
  private final IntFunction<ImageSettings> settings;

  /**
   * @param name of each file, without extension; may contain folders
   * @param settings of each image, kept in its file
   */
  SampleFiles(
      Path out, ModelInfo info, IntFunction<String> name, IntFunction<ImageSettings> settings) {
    this.out = out;
    this.info = info;
    this.name = name;
    this.settings = settings;
  }

  private boolean hasImages() {
    return info.channels() == 1 || info.channels() == 3;
  }

  /** Writes an image as soon as it is finished, so that an interruption keeps it. */
  void write(int row, float[] chw) {
    if (!hasImages()) {
      return;
    }
    Path file = file(row);
    try {
      Files.createDirectories(Objects.requireNonNull(file.getParent()));
      Files.write(file, settings.apply(row).addTo(Png.encode(info.pixels(chw))));
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be written", e);
    }
  }

  /** Whether the folder has an image that will be replaced. */
  boolean replaces() {
    return hasImages() && Files.exists(file(0));
  }

  private Path file(int row) {
    return out.resolve(name.apply(row) + ".png");
  }

  /**
   * Writes what needs all samples.
   *
   * @param samples C×H×W each
   * @param scale factor of the grid
   * @return the names of all files
   */
  List<String> finish(float[][] samples, int scale) throws IOException {
    int values = info.values();
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
    if (hasImages()) {
      List<Pixels> grid = new ArrayList<>();
      for (int i = 0; i < samples.length; i++) {
        written.add(name.apply(i) + ".png");
        grid.add(info.pixels(samples[i]));
      }
      Files.write(out.resolve(GRID), Png.encode(Resize.enlarge(Grid.square(grid), scale)));
      written.add(GRID);
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

  static double[][] points(float[][] samples) {
    double[][] points = new double[samples.length][2];
    for (int i = 0; i < samples.length; i++) {
      points[i][0] = samples[i][0];
      points[i][1] = samples[i][1];
    }
    return points;
  }
}
