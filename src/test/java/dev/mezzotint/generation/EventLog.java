package dev.mezzotint.generation;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.util.ArrayList;
import java.util.List;

/** The events and dead-letter topics in memory. */
final class EventLog implements EventPublisher {
  /** One dead letter. */
  record DeadLetter(Delivery delivery, String jobId, int attempt, String field, String cause) {}

  private final List<JobEvent> events = new ArrayList<>();
  private final List<DeadLetter> deadLetters = new ArrayList<>();

  @Override
  public synchronized void publish(JobEvent event) {
    // What cannot be written as JSON would fail in the broker's client.
    JsonObject.parse(JsonText.write(event.data()));
    events.add(event);
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

  synchronized List<JobEvent> events() {
    return List.copyOf(events);
  }

  synchronized List<JobEvent> events(String jobId) {
    return events.stream().filter(e -> e.jobId().equals(jobId)).toList();
  }

  /** The words of a job's events in the order of their publication. */
  List<String> words(String jobId) {
    return events(jobId).stream().map(e -> e.type().word()).toList();
  }

  List<JobEvent> ends(String jobId) {
    return events(jobId).stream().filter(e -> e.type().terminal()).toList();
  }

  synchronized List<DeadLetter> deadLetters() {
    return List.copyOf(deadLetters);
  }

  @Override
  public void close() {}
}
