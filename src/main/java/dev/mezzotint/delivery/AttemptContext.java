package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import java.util.Map;
import java.util.function.Supplier;

/** What an attempt is told, and tells, while it works. {@link #ending} is safe for many threads. */
public interface AttemptContext {

  /** Unique to this attempt. */
  String run();

  /** 1 for the first: a later one may find what an earlier one has made. */
  int attempt();

  /** Of the record that is being worked on, itself and not what it is a copy of. */
  String position();

  /** True once no effect may be had any more, or none should: lock lost, or shutdown. */
  boolean ending();

  /** True once another worker may hold the record. */
  boolean fenced();

  /**
   * To be asked often.
   *
   * @throws AttemptStoppedException if the attempt is to end: lock lost, shutdown, called off, late
   */
  void check();

  /** As {@link #check}, but a shutdown is left to the caller, who asks {@link #ending}. */
  void checkPastDrain();

  /**
   * Tells of progress, if an event of it is due.
   *
   * @param progress members of the event; asked for only then
   */
  void tell(Supplier<Map<String, Object>> progress);

  /**
   * Tries again what fails for a passing reason.
   *
   * @throws AttemptStoppedException if the lock is lost
   * @throws dev.mezzotint.job.TransientException the last one, when patience ends
   */
  <T> T withRetry(Supplier<T> work) throws InterruptedException;

  /** Who hears of the delivery: told of steps, encoding and what others do for it. */
  JobListener.DeliveryObserver visit();

  /** Something was kept that later attempts build on: dying from here on is no failure. */
  void advanced();
}
