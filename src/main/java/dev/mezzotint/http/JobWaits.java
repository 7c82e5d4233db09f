package dev.mezzotint.http;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.mezzotint.board.BoardJob;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Waits of calls for the ends of jobs; they hold no threads. Safe for use by many threads. */
public final class JobWaits {
  /** Half of the calls that the front answers at once. */
  public static final int WAITS_MAX = ConnectionLimits.CALLS_MAX / 2;

  // Guarded by this.
  private final Map<String, Set<CompletableFuture<Optional<BoardJob>>>> waits = new HashMap<>();
  private int count;

  /**
   * Waits for the end of a job. The caller looks whether the job has ended already, after this
   * call, and completes the future in that case, or when nothing waits for it any more.
   *
   * @param limit after which the future is empty
   * @return empty if there are too many waits
   */
  synchronized Optional<CompletableFuture<Optional<BoardJob>>> open(String jobId, Duration limit) {
    if (count >= WAITS_MAX) {
      return Optional.empty();
    }
    CompletableFuture<Optional<BoardJob>> end = new CompletableFuture<>();
    waits.computeIfAbsent(jobId, id -> new HashSet<>()).add(end);
    count++;
    var unused = end.whenComplete((job, failure) -> close(jobId, end));
    return Optional.of(end.completeOnTimeout(Optional.empty(), limit.toMillis(), MILLISECONDS));
  }

  private synchronized void close(String jobId, CompletableFuture<Optional<BoardJob>> end) {
    Set<CompletableFuture<Optional<BoardJob>>> ofJob = waits.get(jobId);
    if (ofJob != null && ofJob.remove(end)) {
      count--;
      if (ofJob.isEmpty()) {
        waits.remove(jobId);
      }
    }
  }

  /** Ends the waits for a job that has ended. */
  public void changed(BoardJob job) {
    Set<CompletableFuture<Optional<BoardJob>>> ended;
    synchronized (this) {
      if (!job.state().terminal() || !waits.containsKey(job.id())) {
        return;
      }
      ended = Set.copyOf(waits.get(job.id()));
    }
    // On another thread: the board calls this method under its lock.
    for (CompletableFuture<Optional<BoardJob>> end : ended) {
      var unused = end.completeAsync(() -> Optional.of(job));
    }
  }

  synchronized int count() {
    return count;
  }
}
