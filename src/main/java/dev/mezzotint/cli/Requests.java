package dev.mezzotint.cli;

import dev.mezzotint.job.JobEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A running system, as those see it who send requests. Closed by whoever opened it. */
public interface Requests extends AutoCloseable {

  /** Puts a generation request on the topic; returns once the broker has it. */
  void submit(String id, byte[] json);

  /** Calls a job off; returns once the broker has that. */
  void cancel(String id);

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

  /** Where the objects of a job can be seen, for people. */
  String location(String id);

  @Override
  void close();
}
