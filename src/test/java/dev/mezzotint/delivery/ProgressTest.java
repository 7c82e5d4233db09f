package dev.mezzotint.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.storage.MemoryObjectStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When an attempt publishes progress. */
class ProgressTest {
  private final RecordingEventPublisher log = new RecordingEventPublisher();
  private final AtomicReference<Instant> time =
      new AtomicReference<>(Instant.parse("2026-11-22T12:00:00Z"));
  private final JobRecord job = SampleDocuments.failing();
  private AttemptContext attempt;

  @BeforeEach
  void start() throws InterruptedException {
    Delivery delivery = new Delivery("requests", 0, 0, 1, new byte[0], List.of());
    LeasedDelivery lease = new LeasedDelivery(delivery, log, RetryPolicy.DEFAULT);
    lease.publish(JobEvents.accepted(job));
    lease.publish(JobEvents.started(job, "w1", time.get()));
    attempt =
        new AttemptContext(
            lease,
            job,
            "etag",
            new MemoryObjectStore(),
            Optional::empty,
            time::get,
            /* progressIntervalNanos= */ 0);
  }

  private void report(Map<String, Object> progress) {
    attempt.reportProgress(() -> progress);
  }

  private List<Object> published() {
    return log.events(job.id().value()).stream()
        .filter(event -> event.type() == JobEvent.Type.PROGRESSED)
        .<Object>map(event -> event.data().get("done"))
        .toList();
  }

  @Test
  void progressThatSaysTheSame_isPublishedOnce() {
    for (int i = 0; i < 100; i++) {
      report(Map.of("done", i / 40));
    }
    assertThat(published()).containsExactly(0, 1, 2);
  }

  @Test
  void progressThatSaysTheSame_isPublishedAgainAfterHalfAMinute() {
    for (int second = 0; second < 65; second++) {
      report(Map.of("done", 7));
      time.updateAndGet(now -> now.plusSeconds(1));
    }
    assertThat(published()).containsExactly(7, 7, 7);
    List<Instant> times =
        log.events(job.id().value()).stream()
            .filter(event -> event.type() == JobEvent.Type.PROGRESSED)
            .map(JobEvent::time)
            .toList();
    assertThat(Duration.between(times.get(0), times.get(1))).isEqualTo(Duration.ofSeconds(30));
  }
}
