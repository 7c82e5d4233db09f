package dev.mezzotint.sampling;

import java.util.List;

/**
 * One call of the network: one stage of each row.
 *
 * @param rows one or more, of one group
 * @param size number of rows including padding
 */
public record Pass(String group, List<ScheduledJob.Row> rows, int size) {}
