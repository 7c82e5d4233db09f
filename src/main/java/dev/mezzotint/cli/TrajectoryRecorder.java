package dev.mezzotint.cli;

import dev.mezzotint.image.Apng;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.image.Resize;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.plot.ScatterPlot;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.Trajectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Records the trajectories of all rows for {@code generate --trajectory}, as an animation. */
final class TrajectoryRecorder {
  private static final long VALUES_MAX = 1L << 27; // 512 MiB of float32
  private static final int FRAME_MILLIS = 60;
  private static final int LAST_MILLIS = 1500;
  private static final int SHEET_COLUMNS = 7;
  private static final int SHEET_ROWS = 8;

  private final List<Trajectory> rows = new ArrayList<>();

  /**
   * @param perStep stages of one step
   */
  static TrajectoryRecorder record(
      ModelInfo info, List<SamplingJob.Row> rows, int stages, int perStep) {
    int values = info.values();
    long frames = Math.min(Trajectory.FRAMES_MAX, stages / perStep + 1L);
    if (frames * rows.size() * values > VALUES_MAX) {
      throw new InvalidInputException(
          "--trajectory", "--trajectory: too many images to record: ask for fewer");
    }
    TrajectoryRecorder recorder = new TrajectoryRecorder();
    for (SamplingJob.Row row : rows) {
      recorder.rows.add(new Trajectory(stages, perStep, row.x0().toFloats(info)));
    }
    return recorder;
  }

  /** The row, recorded in addition to its own hook. */
  SamplingJob.Row with(SamplingJob.Row row) {
    return row.withHook(row.hook().then(rows.get(row.index())));
  }

  /**
   * Writes {@code trajectory.png}, an animated PNG, and for images {@code trajectory-sheet.png};
   * returns their names.
   */
  List<String> write(Path out, ModelInfo info, int scale) throws IOException {
    int frames = rows.get(0).frames().size();
    List<Pixels> images = new ArrayList<>();
    for (int frame = 0; frame < frames; frame++) {
      images.add(
          SampleFiles.isPlanar(info) ? plane(frame) : Resize.enlarge(grid(info, frame), scale));
    }
    Files.write(out.resolve("trajectory.png"), Apng.encode(images, FRAME_MILLIS, LAST_MILLIS));
    if (SampleFiles.isPlanar(info)) {
      return List.of("trajectory.png");
    }
    Files.write(
        out.resolve("trajectory-sheet.png"), Png.encode(Resize.enlarge(sheet(info), scale)));
    return List.of("trajectory.png", "trajectory-sheet.png");
  }

  /** A row for each of the first images, from x0 on the left to x1 on the right. */
  private Pixels sheet(ModelInfo info) {
    int columns = Math.min(SHEET_COLUMNS, rows.get(0).frames().size());
    List<Pixels> images = new ArrayList<>();
    for (Trajectory row : rows.subList(0, Math.min(SHEET_ROWS, rows.size()))) {
      int last = row.frames().size() - 1;
      for (int i = 0; i < columns; i++) {
        images.add(info.pixels(row.frames().get(columns == 1 ? last : last * i / (columns - 1))));
      }
    }
    return Grid.of(images, columns, 2);
  }

  private Pixels plane(int frame) {
    double[][] points = new double[rows.size()][2];
    for (int i = 0; i < points.length; i++) {
      float[] x = rows.get(i).frames().get(frame);
      points[i][0] = x[0];
      points[i][1] = x[1];
    }
    return new ScatterPlot(SampleFiles.PLANE_SIZE, SampleFiles.EXTENT)
        .points(points, ScatterPlot.BLUE, 1.5)
        .draw();
  }

  private Pixels grid(ModelInfo info, int frame) {
    List<Pixels> images = new ArrayList<>();
    for (Trajectory row : rows) {
      images.add(info.pixels(row.frames().get(frame)));
    }
    return Grid.square(images);
  }
}
