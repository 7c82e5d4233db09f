package dev.mezzotint.training;

import dev.mezzotint.storage.InputRule;
import dev.mezzotint.training.checkpoint.LeaseTiming;
import dev.mezzotint.training.recipe.TrainingLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a worker runs training jobs.
 *
 * @param worker name of this process
 * @param limits of one request
 * @param segment how long a job's steps run before other jobs get their turn
 * @param drain how long a shutdown waits for work in progress
 * @param workFolder holds a folder for each running job, also of several workers at once
 * @param cacheFolder of downloaded data sets
 * @param cacheBytesMax of all data sets in the cache together
 * @param datasetFolder of data sets on this disk that requests may name; empty for none
 * @param leaseTiming of the lease on a job's checkpoints
 * @param inputRule which objects requests may name as data sets
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
    InputRule inputRule) {}
