package dev.mezzotint.autoscaling;

/**
 * What the broker tells of the requests of one kind.
 *
 * @param unsettled requests that wait or are in hand
 * @param paused of these, in topics that nobody is to take from
 * @param settled requests that have been settled, counted from anywhere
 * @param lanes members of the group that read these requests, each with one request in hand at most
 * @param workers processes that those members are in
 */
public record QueueSnapshot(long unsettled, long paused, long settled, int lanes, int workers) {}
