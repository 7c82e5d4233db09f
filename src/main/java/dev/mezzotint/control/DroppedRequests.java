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
 * Requests that their topic is done with though nobody has told of their end. A broker drops a
 * record after its last permitted delivery, and a worker that is killed can use them all up within
 * a second: the record in its hands goes to the next of its dying connections, and on to the one
 * after that. Such a request must be sent again.
 *
 * <p>Not safe for use by several threads.
 */
public final class DroppedRequests {
  /**
   * Copies stand in the topic before what they copy is settled, but they are read a little later.
   */
  private static final Duration CHECK_DELAY = Duration.ofSeconds(3);

  private static final Duration CHECK_DELAY_MAX = Duration.ofMinutes(10);

  /** Ends of jobs whose requests are not remembered would pile up. */
  private static final int ENDED_MAX = 100_000;

  private final Map<String, Candidate> candidates = new LinkedHashMap<>();
  private final Map<String, Boolean> ended =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > ENDED_MAX;
        }
      };

  private record Candidate(PendingRequests.Settled request, Instant look, Duration again) {}

  /** Somebody has told of this job's end. */
  public void ended(String id) {
    candidates.remove(id);
    ended.put(id, true);
  }

  /** The topic is done with this request. */
  public void requestSettled(PendingRequests.Settled request, Instant now) {
    if (ended.remove(request.id()) == null) {
      candidates.put(request.id(), new Candidate(request, now.plus(CHECK_DELAY), CHECK_DELAY));
    }
  }

  /**
   * A request stands in the topic. If it is a copy of one that is looked for, that is not lost.
   *
   * @return false if it is another request under the id of one that is looked for, which came first
   *     and will have the id
   */
  public boolean recordSeen(PendingJobs.PendingRequest request) {
    Candidate suspect = candidates.get(request.id());
    if (suspect != null && suspect.request().fingerprint() != request.fingerprint()) {
      return false;
    }
    candidates.remove(request.id());
    return true;
  }

  /**
   * Who is to be looked at now; each is due once more, later and later, until it is {@link
   * #recordSeen}.
   *
   * @param most so many at a time; the others stay due
   */
  public List<Map.Entry<String, Position>> pollDue(Instant now, int most) {
    List<Map.Entry<String, Position>> due = new ArrayList<>();
    candidates.replaceAll(
        (id, suspect) -> {
          if (suspect.look().isAfter(now) || due.size() == most) {
            return suspect;
          }
          due.add(Map.entry(id, suspect.request().position()));
          Duration next = suspect.again().multipliedBy(2);
          Duration again = next.compareTo(CHECK_DELAY_MAX) > 0 ? CHECK_DELAY_MAX : next;
          return new Candidate(suspect.request(), now.plus(again), again);
        });
    return due;
  }

  /** The first offset of a partition that somebody must look at. */
  public OptionalLong earliestOffset(String topic, int partition) {
    OptionalLong first = OptionalLong.empty();
    for (Candidate suspect : candidates.values()) {
      Position place = suspect.request().position();
      if (place.topic().equals(topic)
          && place.partition() == partition
          && (first.isEmpty() || place.offset() < first.getAsLong())) {
        first = OptionalLong.of(place.offset());
      }
    }
    return first;
  }
}
