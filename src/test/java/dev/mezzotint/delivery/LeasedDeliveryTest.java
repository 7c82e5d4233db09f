package dev.mezzotint.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.job.TransientException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Events that are sent while the work goes on. */
class LeasedDeliveryTest {
  private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

  private final List<String> stored = new ArrayList<>();
  private final List<CompletableFuture<Void>> sent = new ArrayList<>();
  private final JobRecord job = SampleDocuments.failing();
  private final Delivery delivery = new Delivery("requests", 0, 0, 1, new byte[0], List.of());
  private final LeasedDelivery lease =
      new LeasedDelivery(delivery, new Slow(), RetryPolicy.DEFAULT);

  /** Stores what is published; events that are sent wait for the test. */
  private final class Slow implements EventPublisher {
    @Override
    public void publish(JobEvent event) {
      stored.add(event.type().wireName());
    }

    @Override
    public CompletableFuture<Void> send(JobEvent event) {
      CompletableFuture<Void> answer = new CompletableFuture<>();
      sent.add(answer);
      return answer.thenRun(() -> publish(event));
    }

    @Override
    public void publishLater(JobEvent event) {
      publish(event);
    }

    @Override
    public void deadLetter(Delivery d, String jobId, int attempt, String field, String cause) {
      throw new AssertionError();
    }

    @Override
    public void close() {}
  }

  private void begin() {
    lease.send(JobEvents.accepted(job));
    lease.send(JobEvents.started(job, "w1", NOW));
  }

  private void progress(int n) {
    lease.publishLater(JobEvents.progressed(job, n, Map.of("done", n), NOW));
  }

  @Test
  void progress_isDropped_whileTheEventsBeforeItAreNotStored() throws InterruptedException {
    begin();
    progress(1);
    assertThat(stored).isEmpty();
    sent.forEach(answer -> answer.complete(null));
    progress(2);
    assertThat(stored).containsExactly("accepted", "started", "progressed");
    lease.awaitEvents();
    assertThat(stored).hasSize(3);
  }

  @Test
  void failedEvents_arePublishedAgain_withThoseAfterThem() throws InterruptedException {
    begin();
    sent.get(0).completeExceptionally(new TransientException("broker away"));
    sent.get(1).complete(null);
    lease.awaitEvents();
    assertThat(stored).containsExactly("started", "accepted", "started");
  }

  @Test
  void failedEvents_areSentAgain_whenProgressIsDue() {
    begin();
    sent.forEach(answer -> answer.completeExceptionally(new TransientException("broker away")));
    progress(1);
    assertThat(sent).hasSize(4);
    sent.forEach(answer -> answer.complete(null));
    progress(2);
    assertThat(stored).containsExactly("accepted", "started", "progressed");
  }

  @Test
  void nothingIsSent_onceTheLockIsLost() {
    delivery.fence();
    assertThatThrownBy(this::begin).isInstanceOf(dev.mezzotint.job.AttemptStoppedException.class);
    assertThat(sent).isEmpty();
  }
}
