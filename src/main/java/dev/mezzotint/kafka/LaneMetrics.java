package dev.mezzotint.kafka;

import java.time.Instant;
import java.util.Optional;

/**
 * How a lane is doing.
 *
 * @param lastPoll when it last asked the client for records; goes on while the broker is away
 * @param lastRenewal when the lock on the record in hand was last renewed
 * @param current position of the record in hand
 */
public record LaneMetrics(
    int lane,
    Optional<Instant> lastPoll,
    Optional<Instant> lastRenewal,
    Optional<String> current) {}
