package dev.mezzotint.sampling;

import dev.mezzotint.job.Priority;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of one job as the {@link StepPolicy} sees them: how many, how far each is, whose they are
 * and when they must be done. Used by the policy's thread alone.
 */
public class ScheduledJob {
  /** No deadline. */
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

  /** One picture under way: it holds a slot from its first pass to its last. */
  public static final class Row {
    /** No slot yet. */
    static final long NO_SLOT = -1;

    public final ScheduledJob job;
    final int index;

    /** Given by the device's side. */
    long slot = NO_SLOT;

    private int stage;
    private boolean inPass;

    Row(ScheduledJob ticket, int index) {
      this.job = ticket;
      this.index = index;
    }

    /** The stage that is next. */
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

  /** Stages still to be passed, all rows together. */
  public long stagesLeft() {
    return stagesLeft;
  }

  /** Rows that hold a slot. */
  List<Row> resident() {
    return resident;
  }

  /** Rows that have not begun. */
  int waiting() {
    return rows - entered;
  }

  /** Stages of the row that has most before it: no device can pass two of them at once. */
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

  /** Whether a row could join the pass that is being put together. */
  boolean runnable(boolean mayEnter) {
    return (mayEnter && waiting() > 0) || furthest() != null;
  }

  /**
   * A row for the pass that is being put together: the furthest first, so that pictures are
   * finished and slots come free, and a new one only when all that have begun are in.
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

  /** The pass is over; true if that was the row's last. */
  boolean passed(Row row) {
    row.inPass = false;
    row.stage++;
    stagesLeft--;
    return row.finished() && resident.remove(row);
  }

  /** The pass did not take place: the row stays where it was. */
  void retry(Row row) {
    row.inPass = false;
  }
}
