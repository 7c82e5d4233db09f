package dev.mezzotint.worker;

import dev.mezzotint.cli.Requests;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.kafka.JobClient;
import dev.mezzotint.storage.Keys;
import java.time.Duration;
import java.time.Instant;
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
  public void submit(String id, byte[] json) {
    client.submit(endpoints.kafka().topics().generationRequests(), id, json);
  }

  @Override
  public void cancel(String id) {
    client.cancel(id);
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
