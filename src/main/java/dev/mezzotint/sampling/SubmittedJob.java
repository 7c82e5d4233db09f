package dev.mezzotint.sampling;

import dev.mezzotint.job.FailureLog;
import dev.mezzotint.job.JobId;

/** A submitted job and its listener. The listener is called by the loop's thread only. */
final class SubmittedJob extends ScheduledJob implements Sampler.Running {

  final SamplingJob job;
  private final Sampler.RowListener listener;
  private int passed;
  private boolean failed;
  private volatile boolean cancelled;

  /**
   * @param arrived on the loop's clock, as {@code deadline}
   */
  SubmittedJob(
      String group, SamplingJob job, Sampler.RowListener listener, long arrived, long deadline) {
    super(
        group,
        job.tenant(),
        job.priority(),
        job.rows().size(),
        job.stages().size(),
        arrived,
        deadline);
    this.job = job;
    this.listener = listener;
  }

  /** The job in the step loop, where every scheduled job is a submitted one. */
  static SubmittedJob of(ScheduledJob job) {
    return (SubmittedJob) job;
  }

  static SubmittedJob of(Row row) {
    return of(row.job);
  }

  /** True once the job was cancelled or has failed. */
  boolean isLeaving() {
    return cancelled || failed;
  }

  /** Counts a stage, to be reported by {@link #notifyAdvanced}. */
  void countStage() {
    passed++;
  }

  /** Reports the stages counted since the last call, if any. */
  void notifyAdvanced() {
    if (passed > 0) {
      int stages = passed;
      passed = 0;
      call(() -> listener.advanced(stages));
    }
  }

  void notifyFinished(int row, float[] chw) {
    call(() -> listener.finished(row, chw));
  }

  /** A listener that throws fails its own job and no other. */
  private void call(Runnable call) {
    if (failed) {
      return;
    }
    try {
      call.run();
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      fail(new IllegalStateException("the row listener failed: " + e, e));
    }
  }

  /** Fails the job; its listener is called once. */
  void fail(RuntimeException cause) {
    if (failed) {
      return;
    }
    failed = true;
    try {
      listener.failed(cause);
    } catch (RuntimeException | Error e) {
      FailureLog.log(
          SubmittedJob.class, "Job {0}: its row listener failed", new JobId(job.jobId()), e);
    }
  }

  @Override
  public void cancel() {
    cancelled = true;
  }
}
