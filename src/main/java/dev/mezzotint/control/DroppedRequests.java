package dev.mezzotint.control;

import dev.mezzotint.control.PendingRequests.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Tracks requests that the broker has dropped although their jobs have not ended. A broker drops a
 * record after its last permitted delivery, and a worker that is killed can use up all of them
 * within a second: its record is redelivered to its other connections, which are about to close.
 * Such a request must be sent again.
 *
 * <p>Not safe for use by several threads.
 */
public final class DroppedRequests {
  /** A copy is published before its original is settled, but may be read a little later. */
  private static final Duration CHECK_DELAY = Duration.ofSeconds(3);

  private static final Duration CHECK_DELAY_MAX = Duration.ofMinutes(10);

  /** Bound for the ends of jobs whose requests are not remembered. */
  private static final int ENDED_MAX = 100_000;

  private final Map<String, Candidate> candidates = new LinkedHashMap<>();
  private final Map<String, Boolean> ended =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > ENDED_MAX;
        }
      };

  private record Candidate(PendingRequests.Settled request, Instant checkAt, Duration delay) {}

  public void ended(String id) {
    candidates.remove(id);
    ended.put(id, true);
  }

  /** The request has been settled in its topic. */
  public void requestSettled(PendingRequests.Settled request, Instant now) {
    if (ended.remove(request.id()) == null) {
      candidates.put(request.id(), new Candidate(request, now.plus(CHECK_DELAY), CHECK_DELAY));
    }
  }

  /**
   * A request was read from its topic. If it is a copy of a candidate, that is no longer one.
   *
   * @return false if it is a different request under the id of a candidate, which came first and
   *     keeps the id
   */
  public boolean recordSeen(PendingJobs.PendingRequest request) {
    Candidate candidate = candidates.get(request.id());
    if (candidate != null && candidate.request().fingerprint() != request.fingerprint()) {
      return false;
    }
    candidates.remove(request.id());
    return true;
  }

  /**
   * Who is to be looked at now; each is due once more, later and later, until it is {@link
   * #recordSeen}.
   *
   * @param max number of candidates returned at most; the others stay due
   */
  public List<Map.Entry<String, Position>> pollDue(Instant now, int max) {
    List<Map.Entry<String, Position>> due = new ArrayList<>();
    candidates.replaceAll(
        (id, candidate) -> {
          if (candidate.checkAt().isAfter(now) || due.size() == max) {
            return candidate;
          }
          due.add(Map.entry(id, candidate.request().position()));
          Duration next = candidate.delay().multipliedBy(2);
          Duration again = next.compareTo(CHECK_DELAY_MAX) > 0 ? CHECK_DELAY_MAX : next;
          return new Candidate(candidate.request(), now.plus(again), again);
        });
    return due;
  }

  /** The lowest offset of a candidate in a partition. */
  public OptionalLong earliestOffset(String topic, int partition) {
    OptionalLong first = OptionalLong.empty();
    for (Candidate candidate : candidates.values()) {
      Position position = candidate.request().position();
      if (position.topic().equals(topic)
          && position.partition() == partition
          && (first.isEmpty() || position.offset() < first.getAsLong())) {
        first = OptionalLong.of(position.offset());
      }
    }
    return first;
  }
}
