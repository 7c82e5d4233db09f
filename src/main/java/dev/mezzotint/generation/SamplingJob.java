package dev.mezzotint.generation;

import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.job.Priority;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Rows of one job, all of the same model and the same stages. A large job comes as several of
 * these, one after the other.
 *
 * @param stages what happens to each row, in this order
 * @param classLabel of every row; present exactly where the model has classes
 */
public record SamplingJob(
    String jobId,
    ModelInfo model,
    List<Row> rows,
    List<Stage> stages,
    OptionalInt classLabel,
    Priority priority,
    String tenant,
    Optional<Instant> deadline) {

  /**
   * One image to be made.
   *
   * @param index of the image within the job, from 0
   * @param x0 where it starts
   * @param condition K×H×W, what the network sees beside x; empty when K = 0
   */
  @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
  public record Row(int index, X0 x0, float[] condition) {

    /** A row without condition from {@code Noise.gaussian(noiseSeed, noiseIndex, …)}. */
    public static Row seeded(int index, long noiseSeed, int noiseIndex) {
      return new Row(index, new X0.Seeded(noiseSeed, noiseIndex), new float[0]);
    }
  }

  /** The noise that an image starts as. */
  public sealed interface X0 {

    /** Writes the starting point's {@code length} values, C×H×W, from {@code offset} on. */
    void write(float[] out, int offset, int length);

    /** Standard normal values that follow from two numbers. */
    record Seeded(long seed, int index) implements X0 {
      @Override
      public void write(float[] out, int offset, int length) {
        Noise.gaussian(seed, index, out, offset, length);
      }
    }

    /**
     * Values that somebody brings along.
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
  }
}
