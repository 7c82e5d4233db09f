package dev.mezzotint.training;

import dev.mezzotint.storage.InputRule;
import dev.mezzotint.training.checkpoint.LeaseTiming;
import dev.mezzotint.training.recipe.TrainingLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a worker treats training jobs.
 *
 * @param worker name of this process
 * @param limits of one request
 * @param segment so long a job's steps go on before others have their turn
 * @param drain so long a shutdown waits for what is in hand
 * @param work folder for what is at work, also for several workers at once
 * @param cache folder of the data sets brought so far
 * @param cacheBytesMax of all of them together
 * @param datasets folder of data sets on this disk that requests may name; empty for none
 * @param checkpointing how attempts show that they live
 * @param inputs which objects requests may name as data
 */
public record TrainingSettings(
    String worker,
    TrainingLimits limits,
    Duration segment,
    Duration drain,
    Path work,
    Path cache,
    long cacheBytesMax,
    Optional<Path> datasets,
    LeaseTiming checkpointing,
    InputRule inputs) {

  /** Defaults with everything kept below one folder. */
  public static TrainingSettings of(String worker, Path folder) {
    return new TrainingSettings(
        worker,
        TrainingLimits.DEFAULT,
        Duration.ofSeconds(900),
        Duration.ofSeconds(20),
        folder.resolve("training"),
        folder.resolve("dataset-cache"),
        20L << 30,
        Optional.empty(),
        LeaseTiming.DEFAULT,
        InputRule.ANY);
  }

  public TrainingSettings withSegment(Duration other) {
    return new TrainingSettings(
        worker, limits, other, drain, work, cache, cacheBytesMax, datasets, checkpointing, inputs);
  }

  public TrainingSettings withDrain(Duration other) {
    return new TrainingSettings(
        worker,
        limits,
        segment,
        other,
        work,
        cache,
        cacheBytesMax,
        datasets,
        checkpointing,
        inputs);
  }

  public TrainingSettings withCacheBytesMax(long other) {
    return new TrainingSettings(
        worker, limits, segment, drain, work, cache, other, datasets, checkpointing, inputs);
  }

  public TrainingSettings withDatasets(Optional<Path> other) {
    return new TrainingSettings(
        worker, limits, segment, drain, work, cache, cacheBytesMax, other, checkpointing, inputs);
  }

  public TrainingSettings withCheckpointing(LeaseTiming other) {
    return new TrainingSettings(
        worker, limits, segment, drain, work, cache, cacheBytesMax, datasets, other, inputs);
  }

  public TrainingSettings withInputs(InputRule other) {
    return new TrainingSettings(
        worker, limits, segment, drain, work, cache, cacheBytesMax, datasets, checkpointing, other);
  }
}
