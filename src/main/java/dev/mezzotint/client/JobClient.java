package dev.mezzotint.client;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.job.JobEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Submits requests to a running system, follows and cancels their jobs, and pauses request topics.
 * Safe for use by several threads.
 *
 * <p>All methods throw {@link dev.mezzotint.job.TransientException} if the broker cannot be
 * reached.
 */
public interface JobClient extends AutoCloseable {

  /** What a request asks for. */
  enum Kind {
    GENERATION,
    TRAINING
  }

  /**
   * Writes a request to the topic of its kind; returns once all in-sync replicas have it.
   *
   * @param id the job id in the request; becomes the record's key
   * @throws dev.mezzotint.json.InvalidInputException if the request is too large for the topic
   */
  void submit(Kind kind, String id, byte[] json);

  /**
   * Requests a job's cancellation, before or after its start. No effect on a job that has ended.
   */
  void cancel(String id);

  /**
   * Stops workers from taking requests from topics; running jobs continue.
   *
   * @param name as for {@link dev.mezzotint.kafka.Topics#resolve}
   * @return the topics
   */
  List<String> pause(String name);

  /** Reverts {@link #pause}. */
  List<String> resume(String name);

  /**
   * Sends the requests of dead letters back to their topics, by the rules of {@link
   * DeadLetterReplay}.
   *
   * @param job only letters of this job and its replays; empty for all
   * @param since only letters written since; empty for all
   * @param asIs whether requests keep their ids
   * @return one outcome per selected letter, oldest first
   */
  List<DeadLetterReplay.Outcome> replay(
      Optional<String> job, Optional<Instant> since, boolean asIs);

  /**
   * Reads a job's events in the order of publication. An event may be read more than once, with the
   * same id.
   *
   * @param since where to begin; {@link Instant#EPOCH} for all events that the topic still has
   * @param onEvent called for every event, on this thread
   * @param last whether an event ends the watch
   * @return that event; empty after the time limit
   */
  Optional<JobEvent> watch(
      String id,
      Instant since,
      Duration limit,
      Consumer<JobEvent> onEvent,
      Predicate<JobEvent> last);

  /** The queued, running and ended jobs, newest first. */
  List<BoardJob> jobs();

  @Override
  void close();
}
