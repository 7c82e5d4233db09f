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
 * @param workFolder folder for what is at work, also for several workers at once
 * @param cacheFolder folder of the data sets brought so far
 * @param cacheBytesMax of all of them together
 * @param datasetFolder folder of data sets on this disk that requests may name; empty for none
 * @param leaseTiming how attempts show that they live
 * @param inputRule which objects requests may name as data
 */
public record TrainingSettings(
    String worker,
    TrainingLimits limits,
    Duration segment,
    Duration drain,
    Path workFolder,
    Path cacheFolder,
    long cacheBytesMax,
    Optional<Path> datasetFolder,
    LeaseTiming leaseTiming,
    InputRule inputRule) {

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
        worker,
        limits,
        other,
        drain,
        workFolder,
        cacheFolder,
        cacheBytesMax,
        datasetFolder,
        leaseTiming,
        inputRule);
  }

  public TrainingSettings withDrain(Duration other) {
    return new TrainingSettings(
        worker,
        limits,
        segment,
        other,
        workFolder,
        cacheFolder,
        cacheBytesMax,
        datasetFolder,
        leaseTiming,
        inputRule);
  }

  public TrainingSettings withCacheBytesMax(long other) {
    return new TrainingSettings(
        worker,
        limits,
        segment,
        drain,
        workFolder,
        cacheFolder,
        other,
        datasetFolder,
        leaseTiming,
        inputRule);
  }

  public TrainingSettings withDatasets(Optional<Path> other) {
    return new TrainingSettings(
        worker,
        limits,
        segment,
        drain,
        workFolder,
        cacheFolder,
        cacheBytesMax,
        other,
        leaseTiming,
        inputRule);
  }

  public TrainingSettings withCheckpointing(LeaseTiming other) {
    return new TrainingSettings(
        worker,
        limits,
        segment,
        drain,
        workFolder,
        cacheFolder,
        cacheBytesMax,
        datasetFolder,
        other,
        inputRule);
  }

  public TrainingSettings withInputs(InputRule other) {
    return new TrainingSettings(
        worker,
        limits,
        segment,
        drain,
        workFolder,
        cacheFolder,
        cacheBytesMax,
        datasetFolder,
        leaseTiming,
        other);
  }
}
