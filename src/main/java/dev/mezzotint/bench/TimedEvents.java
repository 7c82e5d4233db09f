package dev.mezzotint.bench;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import java.util.concurrent.CompletableFuture;

/**
 * Counts and times the publishing of events. Safe for use by many threads.
 *
 * @param events closed by the caller
 */
record TimedEvents(EventPublisher events, Stopwatch watch) implements EventPublisher {

  @Override
  public void publish(JobEvent event) {
    watch.time(
        "events: end",
        () -> {
          events.publish(event);
          return event;
        });
  }

  @Override
  public CompletableFuture<Void> send(JobEvent event) {
    return events.send(event);
  }

  @Override
  public void publishLater(JobEvent event) {
    events.publishLater(event);
  }

  @Override
  public void deadLetter(Delivery delivery, String jobId, int attempt, String field, String cause) {
    events.deadLetter(delivery, jobId, attempt, field, cause);
  }

  @Override
  public void close() {}
}
