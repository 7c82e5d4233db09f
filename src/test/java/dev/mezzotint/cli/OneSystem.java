package dev.mezzotint.cli;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.JobBoard;
import dev.mezzotint.client.DeadLetterReplay.Outcome;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.storage.MemoryObjectStore;
import dev.mezzotint.storage.ObjectTransfer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** A running system of which commands ask things; it remembers what. */
public class OneSystem implements CommandContext, JobClient {
  public final List<String> asked = new ArrayList<>();
  public final MemoryObjectStore store = new MemoryObjectStore();
  public final JobBoard board = new JobBoard(99);

  /** What {@link #replay} answers. */
  public List<Outcome> replayed = List.of();

  /** What {@link #watch} sees, up to the last event. */
  public List<JobEvent> events = List.of();

  /** What is done when the process ends now. */
  public final List<Runnable> endings = new ArrayList<>();

  @Override
  public Runnable onShutdown(Runnable toEnd) {
    endings.add(toEnd);
    return () -> endings.remove(toEnd);
  }

  @Override
  public Device device(String name) {
    throw new AssertionError();
  }

  @Override
  public ModelFiles model(String reference) {
    throw new AssertionError();
  }

  @Override
  public Path bundledModels() {
    throw new AssertionError();
  }

  @Override
  public <T> T inStore(Function<StoredModels, T> work) {
    throw new AssertionError();
  }

  @Override
  public JobClient client() {
    return this;
  }

  @Override
  public void submit(JobClient.Kind kind, String id, byte[] json) {
    asked.add("submit " + kind + " " + id);
  }

  @Override
  public ObjectTransfer objects() {
    return new ObjectTransfer(() -> store, "bucket");
  }

  @Override
  public void cancel(String id) {
    asked.add("cancel " + id);
  }

  @Override
  public List<String> pause(String word) {
    return List.of(word + "!");
  }

  @Override
  public List<String> resume(String word) {
    return List.of(word + "?");
  }

  @Override
  public List<Outcome> replay(Optional<String> job, Optional<Instant> since, boolean asIs) {
    asked.add(job + " " + since + " " + asIs);
    return replayed;
  }

  @Override
  public Optional<JobEvent> watch(
      String id, Instant since, Duration limit, Consumer<JobEvent> seen, Predicate<JobEvent> last) {
    for (JobEvent event : events) {
      seen.accept(event);
      if (last.test(event)) {
        return Optional.of(event);
      }
    }
    return Optional.empty();
  }

  @Override
  public List<BoardJob> jobs() {
    return board.newest(job -> true, Optional.empty(), 99);
  }

  @Override
  public void close() {}
}
