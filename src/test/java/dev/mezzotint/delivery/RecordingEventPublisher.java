package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.util.ArrayList;
import java.util.List;

/** Records published events and dead letters in memory. */
public final class RecordingEventPublisher implements EventPublisher {
  /** One dead letter. */
  public record DeadLetter(
      Delivery delivery, String jobId, int attempt, String field, String cause) {}

  private final List<JobEvent> events = new ArrayList<>();
  private final List<EventContext> contexts = new ArrayList<>();
  private final List<DeadLetter> deadLetters = new ArrayList<>();

  @Override
  public synchronized void publish(JobEvent event) {
    // Data that cannot be written as JSON would fail in the broker's client.
    JsonObject.parse(JsonText.write(event.data()));
    contexts.add(event.context());
    // Without the context: a duplicate of a request leads to the same event in another context.
    events.add(event.withContext(EventContext.NONE));
  }

  @Override
  public void publishLater(JobEvent event) {
    publish(event);
  }

  @Override
  public synchronized void deadLetter(
      Delivery delivery, String jobId, int attempt, String field, String cause) {
    deadLetters.add(new DeadLetter(delivery, jobId, attempt, field, cause));
  }

  /** Contexts of all events, in order. */
  public synchronized List<EventContext> contexts() {
    return List.copyOf(contexts);
  }

  public synchronized List<JobEvent> events() {
    return List.copyOf(events);
  }

  public synchronized List<JobEvent> events(String jobId) {
    return events.stream().filter(e -> e.jobId().equals(jobId)).toList();
  }

  /** Types of a job's events, in order. */
  public List<String> types(String jobId) {
    return events(jobId).stream().map(e -> e.type().wireName()).toList();
  }

  public List<JobEvent> ends(String jobId) {
    return events(jobId).stream().filter(e -> e.type().terminal()).toList();
  }

  public synchronized List<DeadLetter> deadLetters() {
    return List.copyOf(deadLetters);
  }

  @Override
  public void close() {}
}
