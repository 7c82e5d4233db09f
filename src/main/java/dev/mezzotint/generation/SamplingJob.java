package dev.mezzotint.generation;

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
   * One image to be made from {@code Noise.gaussian(noiseSeed, noiseIndex, …)}.
   *
   * @param index of the image within the job, from 0
   */
  public record Row(int index, long noiseSeed, int noiseIndex) {}

  public SamplingJob {
    rows = List.copyOf(rows);
  }
}
