package dev.mezzotint.sampling;

import java.util.List;

/**
 * What the device is to do next: one stage of each of these rows.
 *
 * @param rows one or more, of one group
 * @param size of the pass, filled up with spare rows; at least as many as rows
 */
public record Pass(String group, List<ScheduledJob.Row> rows, int size) {}
