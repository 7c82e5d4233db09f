package dev.mezzotint.sampling;

import dev.mezzotint.job.Priority;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one job as the {@link StepPolicy} schedules them: their number and progress, tenant,
 * priority and deadline. Used by the policy's thread alone.
 */
public class ScheduledJob {
  public static final long NEVER = Long.MAX_VALUE;

  final String group;
  final String tenant;
  final Priority priority;
  final int rows;
  final int stages;
  final long arrived;
  final long deadline;

  private final List<Row> resident = new ArrayList<>();
  private int entered;
  private long stagesLeft;

  /** One running row: it holds a slot from its first pass to its last. */
  public static final class Row {
    static final long NO_SLOT = -1;

    public final ScheduledJob job;
    final int index;

    /** Assigned by {@link StepGroup}. */
    long slot = NO_SLOT;

    private int stage;
    private boolean inPass;

    Row(ScheduledJob job, int index) {
      this.job = job;
      this.index = index;
    }

    int stage() {
      return stage;
    }

    private boolean finished() {
      return stage == job.stages;
    }
  }

  /**
   * @param group rows of one group may share a pass
   * @param stages of each row
   * @param arrived and {@code deadline}: nanoseconds of the policy's clock; {@link #NEVER}
   */
  public ScheduledJob(
      String group,
      String tenant,
      Priority priority,
      int rows,
      int stages,
      long arrived,
      long deadline) {
    this.group = group;
    this.tenant = tenant;
    this.priority = priority;
    this.rows = rows;
    this.stages = stages;
    this.arrived = arrived;
    this.deadline = deadline;
    this.stagesLeft = (long) rows * stages;
  }

  /** Stages left, all rows together. */
  public long stagesLeft() {
    return stagesLeft;
  }

  List<Row> resident() {
    return resident;
  }

  int waiting() {
    return rows - entered;
  }

  /** Stages left of the row with most left: a device can only pass them in sequence. */
  int longest() {
    if (waiting() > 0) {
      return stages;
    }
    int longest = 0;
    for (Row row : resident) {
      longest = Math.max(longest, stages - row.stage);
    }
    return longest;
  }

  /** Whether a row could join the pass that is being assembled. */
  boolean runnable(boolean mayEnter) {
    return (mayEnter && waiting() > 0) || furthest() != null;
  }

  /**
   * Takes a row into the pass that is being assembled: the furthest first, so that images finish
   * and slots become free, and a new one only when all running rows are in.
   */
  Row join() {
    Row row = furthest();
    if (row == null) {
      row = new Row(this, entered++);
      resident.add(row);
    }
    row.inPass = true;
    return row;
  }

  private @Nullable Row furthest() {
    Row furthest = null;
    for (Row row : resident) {
      if (!row.inPass && (furthest == null || row.stage > furthest.stage)) {
        furthest = row;
      }
    }
    return furthest;
  }

  /** The pass ran; true if it was the row's last. */
  boolean passed(Row row) {
    row.inPass = false;
    row.stage++;
    stagesLeft--;
    return row.finished() && resident.remove(row);
  }

  /** The pass did not run: the row stays where it is. */
  void retry(Row row) {
    row.inPass = false;
  }
}
