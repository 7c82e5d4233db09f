package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Rows of one job, all of the same model and the same stages. A large job is submitted as several
 * of these, one after the other.
 *
 * @param stages of each row, in this order
 * @param classLabel of every row; present exactly where the model has classes
 * @param guidance of every row, by a model that can be guided
 */
public record SamplingJob(
    String jobId,
    ModelInfo model,
    List<Row> rows,
    List<Stage> stages,
    OptionalInt classLabel,
    Guidance guidance,
    Priority priority,
    String tenant,
    Optional<Instant> deadline) {

  public SamplingJob(
      String jobId,
      ModelInfo model,
      List<Row> rows,
      List<Stage> stages,
      OptionalInt classLabel,
      Priority priority,
      String tenant,
      Optional<Instant> deadline) {
    this(jobId, model, rows, stages, classLabel, Guidance.NONE, priority, tenant, deadline);
  }

  /**
   * One image to be sampled.
   *
   * @param index of the image within the job, from 0
   * @param x0 starting point
   * @param condition further input of the network
   * @param hook called between its stages
   */
  public record Row(int index, X0 x0, Condition condition, StageHook hook) {

    public Row(int index, X0 x0, Condition condition) {
      this(index, x0, condition, StageHook.NONE);
    }

    /**
     * @param condition K×H×W; empty when K = 0
     */
    public Row(int index, X0 x0, float[] condition) {
      this(index, x0, new Condition.Given(condition));
    }

    public Row withHook(StageHook other) {
      return new Row(index, x0, condition, other);
    }

    /** A row without condition from {@code Noise.gaussian(noiseSeed, noiseIndex, …)}. */
    public static Row seeded(int index, long noiseSeed, int noiseIndex) {
      return new Row(index, new X0.Seeded(noiseSeed, noiseIndex), Condition.NONE);
    }
  }

  /**
   * Input of the network besides x, kept compact until its row gets a slot: a label map of 19
   * classes takes one byte per pixel here and 76 there. Safe for use by many threads.
   */
  public interface Condition {
    Condition NONE = new Given(new float[0]);

    /** K·H·W values, 0 when K = 0. */
    int length();

    /** Writes {@link #length} values, K×H×W, from {@code offset} on. */
    void write(float[] out, int offset);

    default float[] toFloats() {
      float[] khw = new float[length()];
      write(khw, /* offset= */ 0);
      return khw;
    }

    /** The part of a canvas' condition that belongs to one of its tiles. */
    Condition cut(Canvas canvas, int tile);

    /**
     * Plain values.
     *
     * @param khw K×H×W, not to be changed
     */
    @SuppressWarnings("ArrayRecordComponent") // read only
    record Given(float[] khw) implements Condition {
      @Override
      public Condition cut(Canvas canvas, int tile) {
        int channels = khw.length / (canvas.height() * canvas.width());
        float[] out = new float[channels * canvas.tileHeight() * canvas.tileWidth()];
        canvas.cut(khw, channels, tile, out, /* offset= */ 0);
        return new Given(out);
      }

      @Override
      public int length() {
        return khw.length;
      }

      @Override
      public void write(float[] out, int offset) {
        System.arraycopy(khw, 0, out, offset, khw.length);
      }
    }
  }

  /** The starting point of an image. */
  public sealed interface X0 {

    /** Writes the starting point's {@code length} values, C×H×W, from {@code offset} on. */
    void write(float[] out, int offset, int length);

    /** The starting point's values in a new array. */
    default float[] toFloats(ModelInfo model) {
      float[] values = new float[model.values()];
      write(values, /* offset= */ 0, values.length);
      return values;
    }

    /** Standard normal noise of a seed and an index, of a canvas where the model has one. */
    static X0 noise(ModelInfo model, long seed, int index) {
      return model.canvas().isPresent()
          ? new Field(seed, index, model.channels(), model.height(), model.width())
          : new Seeded(seed, index);
    }

    record Seeded(long seed, int index) implements X0 {
      @Override
      public void write(float[] out, int offset, int length) {
        Noise.gaussian(seed, index, out, offset, length);
      }
    }

    record Field(long seed, int index, int channels, int height, int width) implements X0 {
      @Override
      public void write(float[] out, int offset, int length) {
        Canvas.noise(
            seed, index, channels, /* top= */ 0, /* left= */ 0, height, width, out, offset);
      }
    }

    /**
     * A tile of a canvas, cut when its row gets a slot.
     *
     * @param chw of the canvas, unchanged until all tiles of the stage have been evaluated
     */
    @SuppressWarnings("ArrayRecordComponent") // read only
    record Tile(float[] chw, int channels, Canvas canvas, int tile) implements X0 {
      @Override
      public void write(float[] out, int offset, int length) {
        canvas.cut(chw, channels, tile, out, offset);
      }
    }

    /**
     * Given values.
     *
     * @param chw C×H×W, not to be changed
     */
    @SuppressWarnings("ArrayRecordComponent") // read only
    record Given(float[] chw) implements X0 {
      @Override
      public void write(float[] out, int offset, int length) {
        System.arraycopy(chw, 0, out, offset, length);
      }
    }
  }

  public SamplingJob {
    rows = List.copyOf(rows);
    stages = List.copyOf(stages);
  }

  SamplingJob withRows(List<Row> others) {
    return new SamplingJob(
        jobId, model, others, stages, classLabel, guidance, priority, tenant, deadline);
  }

  SamplingJob ofTiles(ModelInfo tileModel, List<Row> tiles, Stage stage) {
    return new SamplingJob(
        jobId, tileModel, tiles, List.of(stage), classLabel, guidance, priority, tenant, deadline);
  }

  /**
   * @throws InvalidInputException if the rows are not what the model takes
   */
  void check() {
    if (rows.isEmpty() || stages.isEmpty()) {
      throw new InvalidInputException("rows", "a job needs at least one row and one stage");
    }
    int pixels = model.height() * model.width();
    for (Row row : rows) {
      int given = row.condition().length();
      if (given != model.conditionChannels() * pixels) {
        throw new InvalidInputException(
            "condition",
            given == 0
                ? "model " + model.name() + " needs a condition"
                : "the condition has "
                    + given
                    + " values, model "
                    + model.name()
                    + " takes "
                    + model.conditionChannels() * pixels);
      }
      if (row.x0() instanceof X0.Given start && start.chw().length != model.channels() * pixels) {
        throw new InvalidInputException(
            "x0",
            "x0 has "
                + start.chw().length
                + " values, model "
                + model.name()
                + " takes "
                + model.channels() * pixels);
      }
    }
    if (guidance.guides()) {
      model.checkGuidable("guidance");
    }
    if (model.classes().isPresent()) {
      model.checkClassLabel("classLabel", classLabel);
    }
  }
}
