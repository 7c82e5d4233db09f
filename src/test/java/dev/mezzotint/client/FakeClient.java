package dev.mezzotint.client;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.job.JobEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A client without a broker, for tests to override what they need. */
public class FakeClient implements JobClient {
  @Override
  public void submit(Kind kind, String id, byte[] json) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void cancel(String id) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<String> pause(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<String> resume(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<DeadLetterReplay.Outcome> replay(
      Optional<String> job, Optional<Instant> since, boolean asIs) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<JobEvent> watch(
      String id,
      Instant since,
      Duration limit,
      Consumer<JobEvent> onEvent,
      Predicate<JobEvent> last) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<BoardJob> jobs() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
