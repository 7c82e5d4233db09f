package dev.mezzotint.sampling;

import dev.mezzotint.job.FailureLog;
import dev.mezzotint.job.JobId;

/**
 * A job's rows on their way through the loop, and who is to hear of them; only the loop's thread
 * calls what tells.
 */
final class SubmittedJob extends ScheduledJob implements Sampler.Running {

  final SamplingJob job;
  private final Sampler.RowListener listener;
  private int passed;
  private boolean failed;
  private volatile boolean cancelled;

  /**
   * @param arrived and {@code deadline}: on the loop's clock
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

  /** True once its rows are to leave: somebody cancelled it, or it failed. */
  boolean isLeaving() {
    return cancelled || failed;
  }

  /** One of its rows has passed a stage; told at {@link #notifyAdvanced}. */
  void countStage() {
    passed++;
  }

  /** Tells of the stages counted since the last time, if any. */
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

  /** A listener that throws loses its own job and nothing else. */
  private void call(Runnable call) {
    if (failed) {
      return;
    }
    try {
      call.run();
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      fail(new IllegalStateException("what was to hear of the rows failed: " + e, e));
    }
  }

  /** The job ends here; it hears of no more than one failure. */
  void fail(RuntimeException cause) {
    if (failed) {
      return;
    }
    failed = true;
    try {
      listener.failed(cause);
    } catch (RuntimeException | Error e) {
      FailureLog.log(SubmittedJob.class, "Job {0} could not be told", new JobId(job.jobId()), e);
    }
  }

  @Override
  public void cancel() {
    cancelled = true;
  }
}
