package dev.mezzotint.control;

import dev.mezzotint.control.PendingRequests.Place;
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
  private static final Duration DOUBT = Duration.ofSeconds(3);

  private static final Duration LOOK_AGAIN_MAX = Duration.ofMinutes(10);

  /** Ends of jobs whose requests are not remembered would pile up. */
  private static final int ENDED_MAX = 100_000;

  private final Map<String, Suspect> suspects = new LinkedHashMap<>();
  private final Map<String, Boolean> ended =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > ENDED_MAX;
        }
      };

  private record Suspect(PendingRequests.Gone request, Instant look, Duration again) {}

  /** Somebody has told of this job's end. */
  public void ended(String id) {
    suspects.remove(id);
    ended.put(id, true);
  }

  /** The topic is done with this request. */
  public void settled(PendingRequests.Gone request, Instant now) {
    if (ended.remove(request.id()) == null) {
      suspects.put(request.id(), new Suspect(request, now.plus(DOUBT), DOUBT));
    }
  }

  /**
   * A request stands in the topic. If it is a copy of one that is looked for, that is not lost.
   *
   * @return false if it is another request under the id of one that is looked for, which came first
   *     and will have the id
   */
  public boolean seen(PendingJobs.Waiting request) {
    Suspect suspect = suspects.get(request.id());
    if (suspect != null && suspect.request().fingerprint() != request.fingerprint()) {
      return false;
    }
    suspects.remove(request.id());
    return true;
  }

  /**
   * Who is to be looked at now; each is due once more, later and later, until it is {@link #seen}.
   *
   * @param most so many at a time; the others stay due
   */
  public List<Map.Entry<String, Place>> due(Instant now, int most) {
    List<Map.Entry<String, Place>> due = new ArrayList<>();
    suspects.replaceAll(
        (id, suspect) -> {
          if (suspect.look().isAfter(now) || due.size() == most) {
            return suspect;
          }
          due.add(Map.entry(id, suspect.request().place()));
          Duration next = suspect.again().multipliedBy(2);
          Duration again = next.compareTo(LOOK_AGAIN_MAX) > 0 ? LOOK_AGAIN_MAX : next;
          return new Suspect(suspect.request(), now.plus(again), again);
        });
    return due;
  }

  /** The first offset of a partition that somebody must look at. */
  public OptionalLong first(String topic, int partition) {
    OptionalLong first = OptionalLong.empty();
    for (Suspect suspect : suspects.values()) {
      Place place = suspect.request().place();
      if (place.topic().equals(topic)
          && place.partition() == partition
          && (first.isEmpty() || place.offset() < first.getAsLong())) {
        first = OptionalLong.of(place.offset());
      }
    }
    return first;
  }
}
