package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.storage.ObjectStore;
import java.util.Map;
import java.util.function.Supplier;

/** The watch over one attempt. */
final class LeasedAttemptContext implements AttemptContext {
  private final RecordedAttempt attempt;
  private final ObjectStore store;
  private final Runnable over;
  private final ProgressReporter progress;

  /**
   * @param over throws {@link AttemptStoppedException} if the job is over before its work is
   */
  LeasedAttemptContext(
      RecordedAttempt attempt, ObjectStore store, Runnable over, ProgressReporter progress) {
    this.attempt = attempt;
    this.store = store;
    this.over = over;
    this.progress = progress;
  }

  @Override
  public String run() {
    return attempt.run();
  }

  @Override
  public int attempt() {
    return attempt.job().attempts();
  }

  @Override
  public String position() {
    return attempt.held().delivery().position();
  }

  @Override
  public boolean ending() {
    return attempt.held().ending();
  }

  @Override
  public boolean fenced() {
    return attempt.held().delivery().fenced();
  }

  @Override
  public void check() {
    if (ending()) {
      throw attempt.held().stopped();
    }
    over.run();
  }

  @Override
  public void checkPastDrain() {
    if (fenced()) {
      throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
    }
    over.run();
  }

  @Override
  public void tell(Supplier<Map<String, Object>> data) {
    progress.look(attempt.plan().progressNanos(), data);
  }

  @Override
  public <T> T withRetry(Supplier<T> work) throws InterruptedException {
    return attempt.held().withRetry(work);
  }

  @Override
  public JobListener.DeliveryObserver visit() {
    return attempt.held().visit();
  }

  @Override
  public void advanced() {
    attempt.advanced(store);
  }
}
