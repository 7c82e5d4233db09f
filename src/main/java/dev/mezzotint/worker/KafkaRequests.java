package dev.mezzotint.worker;

import dev.mezzotint.cli.Requests;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.kafka.JobClient;
import dev.mezzotint.kafka.Replay;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.storage.Keys;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The running system behind a broker. Safe for use by many threads. */
final class KafkaRequests implements Requests {
  private final Endpoints endpoints;
  private final JobClient client;

  /**
   * @param endpoints stay open for their owner to close
   */
  KafkaRequests(Endpoints endpoints) {
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
                job.map(id -> Replay.concerns(letter, id)).orElse(true)
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
  public String location(String id) {
    return "s3://" + endpoints.s3().bucket() + "/" + Keys.job(id);
  }

  @Override
  public void close() {
    client.close();
  }
}
