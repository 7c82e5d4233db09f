package dev.mezzotint.cli;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.JobBoard;
import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** A running system of which commands ask things; it remembers what. */
public final class OneSystem implements CommandContext, MezzotintSystem {
  public final List<String> asked = new ArrayList<>();
  public final Map<String, byte[]> stored = new TreeMap<>();
  public final JobBoard board = new JobBoard(99);

  /** What {@link #replay} answers. */
  public List<Replayed> replayed = List.of();

  /** What {@link #watch} sees, up to the last event. */
  List<JobEvent> events = List.of();

  @Override
  public Runnable onShutdown(Runnable toEnd) {
    return () -> {};
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
  public MezzotintSystem requests() {
    return this;
  }

  @Override
  public void submit(MezzotintSystem.Kind kind, String id, byte[] json) {
    asked.add("submit " + kind + " " + id);
  }

  @Override
  public void put(Map<String, Path> objects) {
    objects.forEach(
        (key, file) -> {
          try {
            stored.put(key, Files.readAllBytes(file));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
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
  public List<Replayed> replay(Optional<String> job, Optional<Instant> since, boolean asIs) {
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
  public String location(String id) {
    return "s3://bucket/jobs/" + id + "/";
  }

  /** Writes one picture of no pixels. */
  @Override
  public List<Path> fetch(String id, Path folder) {
    try {
      return List.of(Files.writeString(folder.resolve("00000.png"), id));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {}
}
