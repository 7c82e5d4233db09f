package dev.mezzotint.sampling;

import java.util.Map;

/**
 * Metrics of a step loop; counts are since its start.
 *
 * @param passes calls of a network
 * @param rowSteps stages run, all rows together
 * @param paddingRows rows that only padded passes
 * @param stepNanos time spent in passes
 * @param waiting submitted rows that have not started
 * @param running rows that have started and not ended
 * @param outOfMemory passes for which memory ran out
 * @param late jobs dropped because they could not meet their deadline
 * @param modelBytes weights and slots on the device
 * @param curves of the models on the device, by group
 */
public record StepLoopMetrics(
    long passes,
    long rowSteps,
    long paddingRows,
    long stepNanos,
    int waiting,
    int running,
    long outOfMemory,
    long late,
    long modelBytes,
    Map<String, BatchCurve> curves) {}
