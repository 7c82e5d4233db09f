package dev.mezzotint.sampling;

import java.util.Map;

/**
 * How a step loop is doing; counts are since its start.
 *
 * @param passes calls of a network
 * @param rowSteps stages passed, all rows together
 * @param paddingRows rows that only filled passes up
 * @param stepNanos time spent in passes
 * @param waiting rows submitted that have not begun
 * @param running rows that have begun and not ended
 * @param outOfMemory passes that found too little memory and were made smaller
 * @param late jobs dropped since they could not meet their deadline
 * @param modelBytes weights and slots on the device
 * @param curves of the models there, by group
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
