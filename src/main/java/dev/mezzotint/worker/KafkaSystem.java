package dev.mezzotint.worker;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.JobBoard;
import dev.mezzotint.board.JobBoardFeed;
import dev.mezzotint.client.DeadLetterReplay;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The running system behind a broker. Safe for use by many threads. */
public final class KafkaSystem implements MezzotintSystem {
  private static final int BOARD_JOBS = 2_000;
  private static final Duration BOARD_LIMIT = Duration.ofSeconds(20);

  private final Endpoints endpoints;
  private final JobClient client;

  /**
   * @param endpoints stay open for their owner to close
   */
  public KafkaSystem(Endpoints endpoints) {
    this.endpoints = endpoints;
    this.client = new JobClient(endpoints.kafka());
  }

  @Override
  public void submit(Kind kind, String id, byte[] json) {
    Topics topics = endpoints.kafka().topics();
    String topic = kind == Kind.TRAINING ? topics.trainingRequests() : topics.generationRequests();
    client.submit(topic, id, json);
  }

  @Override
  public void put(Map<String, Path> objects) {
    try (ObjectStore store = new S3ObjectStore(endpoints.s3())) {
      objects.forEach(
          (key, file) ->
              store.upload(key, file, key.endsWith(".png") ? ContentType.PNG : ContentType.BINARY));
    }
  }

  @Override
  public void cancel(String id) {
    client.cancel(id);
  }

  @Override
  public List<String> pause(String word) {
    return client.pause(word);
  }

  @Override
  public List<String> resume(String word) {
    return client.resume(word);
  }

  @Override
  public List<Replayed> replay(Optional<String> job, Optional<Instant> since, boolean asIs) {
    return client
        .replay(
            letter ->
                job.map(id -> DeadLetterReplay.concerns(letter, id)).orElse(true)
                    && since.map(time -> !letter.time().isBefore(time)).orElse(true),
            asIs)
        .stream()
        .map(o -> new Replayed(o.letter(), o.topic(), o.job(), o.id(), o.refusal()))
        .toList();
  }

  @Override
  public Optional<JobEvent> watch(
      String id, Instant since, Duration limit, Consumer<JobEvent> seen, Predicate<JobEvent> last) {
    return client.watch(id, since, limit, seen, last);
  }

  @Override
  public List<BoardJob> jobs() {
    Topics topics = endpoints.kafka().topics();
    JobBoard board = new JobBoard(BOARD_JOBS);
    Map<String, List<String>> requests =
        Map.of(
            WorkerRole.GENERATION.wireName(), List.of(topics.generationRequests()),
            WorkerRole.TRAINING.wireName(), List.of(topics.trainingRequests()));
    try (JobBoardFeed feed = new JobBoardFeed(endpoints.kafka(), requests, board, id -> false)) {
      if (!feed.awaitCaughtUp(BOARD_LIMIT)) {
        throw new TransientException(
            "the topics at " + endpoints.kafka().bootstrapServers() + " could not be read");
      }
      return board.newest(job -> true, Optional.empty(), BOARD_JOBS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while the topics were read", e);
    }
  }

  @Override
  public String location(String id) {
    return "s3://" + endpoints.s3().bucket() + "/" + Keys.job(id);
  }

  @Override
  public List<Path> fetch(String id, Path folder) {
    List<Path> files = new ArrayList<>();
    try (ObjectStore store = new S3ObjectStore(endpoints.s3())) {
      List<String> keys = store.list(Keys.job(id));
      for (String key : keys) {
        if (!forPeople(id, key)) {
          continue;
        }
        Path file = folder.resolve(fileName(id, key, keys));
        Optional<InputStream> content = store.open(key);
        if (content.isPresent()) { // or it was removed a moment ago
          Files.createDirectories(file.getParent());
          try (InputStream bytes = content.get()) {
            Files.copy(bytes, file, StandardCopyOption.REPLACE_EXISTING);
          }
          files.add(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the files of " + id + " cannot be copied to " + folder, e);
    }
    return files;
  }

  /** Without folders, except where a frame is called as another object of the job, as "grid". */
  static String fileName(String id, String key, List<String> keys) {
    String name = key.substring(key.lastIndexOf('/') + 1);
    long called = keys.stream().filter(other -> other.endsWith("/" + name)).count();
    return called == 1 ? name : key.substring(Keys.job(id).length());
  }

  /** What a job made, without what its workers keep for each other. */
  private static boolean forPeople(String id, String key) {
    return !key.equals(Keys.jobRecord(id)) && !key.startsWith(Keys.checkpoints(id));
  }

  @Override
  public void close() {
    client.close();
  }
}
