package dev.mezzotint.client;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.job.JobEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A running system, as those see it who send requests. Closed by whoever opened it. */
public interface MezzotintSystem extends AutoCloseable {

  /** What a request asks for. */
  enum Kind {
    GENERATION,
    TRAINING
  }

  /** Puts a request on the topic of its kind; returns once the broker has it. */
  void submit(Kind kind, String id, byte[] json);

  /**
   * Copies files into the store; what stands under their keys is replaced.
   *
   * @param objects files by their keys
   * @throws dev.mezzotint.storage.StorageException if the store is away
   */
  void put(Map<String, Path> objects);

  /** Calls a job off; returns once the broker has that. */
  void cancel(String id);

  /**
   * Lets workers take nothing more from request topics.
   *
   * @param word {@code generation}, {@code training} or a topic's name
   * @return the topics
   */
  List<String> pause(String word);

  /** Takes {@link #pause} back. */
  List<String> resume(String word);

  /**
   * What became of one dead letter.
   *
   * @param letter its place in the dead-letter topic
   * @param topic where its request went
   * @param job the dead job; empty if the record was nobody's
   * @param id of the request that was sent
   * @param refusal why nothing was sent; empty if it was
   */
  record Replayed(String letter, String topic, String job, String id, String refusal) {}

  /**
   * Sends dead letters' requests back to where they came from.
   *
   * @param job only those of this job; empty for all
   * @param since only those written since; empty for all
   * @param asIs the requests keep their ids
   * @return oldest first
   */
  List<Replayed> replay(Optional<String> job, Optional<Instant> since, boolean asIs);

  /**
   * Follows a job's events.
   *
   * @param since where to begin
   * @param seen hears every event
   * @param last which event ends the watch
   * @return that event; empty after the time limit
   */
  Optional<JobEvent> watch(
      String id, Instant since, Duration limit, Consumer<JobEvent> seen, Predicate<JobEvent> last);

  /**
   * What is queued, running and done, the newest first.
   *
   * @throws dev.mezzotint.job.TransientException if the broker is away
   */
  List<BoardJob> jobs();

  /** Where the objects of a job can be seen, for people. */
  String location(String id);

  /**
   * Copies a job's pictures, tables and manifest into a folder; what stands there under the same
   * names is replaced.
   *
   * @param folder is there and can be written to
   * @return the files, in the order of their keys
   * @throws dev.mezzotint.storage.StorageException if the store is away
   */
  List<Path> fetch(String id, Path folder);

  @Override
  void close();
}
