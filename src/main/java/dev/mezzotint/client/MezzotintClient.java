package dev.mezzotint.client;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobState;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Sends requests to a running system and follows their jobs. Safe for use by several threads; close
 * it when done.
 */
public final class MezzotintClient implements AutoCloseable {
  /** Clocks differ, and an event may be older than the call that waits for it. */
  private static final Duration EARLIER = Duration.ofMinutes(10);

  private final KafkaSettings settings;
  private final JobClient jobs;

  private MezzotintClient(KafkaSettings settings) {
    this.settings = settings;
    this.jobs = new JobClient(settings);
  }

  /**
   * @param bootstrapServers {@code host:port}, comma-separated
   */
  public static MezzotintClient connect(String bootstrapServers) {
    return connect(bootstrapServers, "mezzotint", Map.of());
  }

  /**
   * @param topicsPrefix first word of the topics' names
   * @param properties of Kafka's clients, such as {@code security.protocol}
   */
  public static MezzotintClient connect(
      String bootstrapServers, String topicsPrefix, Map<String, String> properties) {
    return new MezzotintClient(
        KafkaSettings.of(bootstrapServers)
            .withTopics(Topics.withPrefix(topicsPrefix))
            .withProperties(properties));
  }

  /**
   * Returns once the broker has the request on all in-sync replicas: from then on the job will end.
   *
   * @return the job's id
   * @throws dev.mezzotint.json.InvalidInputException naming the field that is wrong
   * @throws dev.mezzotint.job.TransientException if the broker cannot be reached
   */
  public String submit(ImageRequest request) {
    jobs.submit(settings.topics().generationRequests(), request.id(), request.toJson());
    return request.id();
  }

  /** As {@link #submit}, of a training request as {@code docs/messages.md} has it. */
  public String train(byte[] json) {
    String id = TrainingRequest.parse(JsonObject.parse(json), TrainingLimits.DEFAULT).id().value();
    jobs.submit(settings.topics().trainingRequests(), id, json);
    return id;
  }

  /** Calls a job off, started or not. */
  public void cancel(String id) {
    jobs.cancel(id);
  }

  /**
   * Follows a job to its end. Also finds the end of one that ended a while ago.
   *
   * @param heard every event that is news, in their order; called on this thread
   * @return the event that ended it: {@code completed}, {@code failed}, {@code cancelled} or {@code
   *     expired}; empty after the time limit
   */
  public Optional<JobEvent> follow(String id, Duration limit, Consumer<JobEvent> heard) {
    JobState[] life = {JobState.NEW};
    return jobs.watch(
        id,
        Instant.now().minus(EARLIER),
        limit,
        event -> {
          if (event.type() != JobEvent.Type.REJECTED) {
            life[0]
                .after(event)
                .ifPresent(
                    next -> {
                      life[0] = next;
                      heard.accept(event);
                    });
          }
        });
  }

  @Override
  public void close() {
    jobs.close();
  }
}
