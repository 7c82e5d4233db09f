package dev.mezzotint.worker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What is configured of role {@code training}.
 *
 * @param lanes {@code mezzotint.training-lanes}: trainings side by side on the device
 * @param segment {@code mezzotint.training-segment-seconds}: steps of a job before others that wait
 *     have their turn
 * @param lease {@code mezzotint.training-lease-seconds}: without a sign of life for so long, a
 *     training is taken over by whoever holds another record of it
 * @param datasets {@code mezzotint.datasets}: folder of data sets on this disk that requests may
 *     name; empty for none
 * @param cacheBytes {@code mezzotint.dataset-cache-megabytes} in bytes: data sets brought from the
 *     store
 */
record TrainingConfig(
    int lanes, Duration segment, Duration lease, Optional<Path> datasets, long cacheBytes) {}
