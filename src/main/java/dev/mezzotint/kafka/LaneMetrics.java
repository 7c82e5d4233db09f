package dev.mezzotint.kafka;

import java.time.Instant;
import java.util.Optional;

/**
 * State of a lane.
 *
 * @param lastPoll when it last polled the client; advances also while the broker is unavailable
 * @param lastRenewal when the lock on the current record was last renewed
 * @param current position of the record being processed
 */
public record LaneMetrics(
    int lane,
    Optional<Instant> lastPoll,
    Optional<Instant> lastRenewal,
    Optional<String> current) {}
