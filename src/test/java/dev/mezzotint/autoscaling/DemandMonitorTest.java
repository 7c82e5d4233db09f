package dev.mezzotint.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.GroupOffsets.Backlog;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DemandMonitorTest {
  private static final Duration PERIOD = Duration.ofMillis(10);

  private final BlockingQueue<Object> reads = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> changes = new LinkedBlockingQueue<>();

  private volatile long paused;

  /** The next backlog; a string is a failure. */
  private Map<String, Backlog> read() throws InterruptedException {
    Object next = reads.take();
    if (next instanceof String fault) {
      throw fault.equals("away") ? new TransientException("away") : new IllegalStateException();
    }
    return Map.of("generation", new Backlog((Long) next, paused, 0, 0, 0));
  }

  @Test
  void onChange_isCalledOncePerChange_notOnFailures() throws Exception {
    try (DemandMonitor monitor = new DemandMonitor(this::read, Map.of("generation", 2.0), PERIOD)) {
      monitor.onChange(
          () -> changes.add("active " + monitor.last("generation").orElseThrow().active()));
      assertThatThrownBy(() -> monitor.demand("generation")).isInstanceOf(TransientException.class);
      assertThat(monitor.last("generation")).isEmpty(); // unknown, which is not zero
      assertThatThrownBy(() -> monitor.demand("x")).isInstanceOf(InvalidInputException.class);

      reads.add(0L);
      assertThat(changes.poll(10, TimeUnit.SECONDS)).isEqualTo("active false");
      reads.add("away");
      reads.add("broken");
      reads.add(0L);
      reads.add(3L);
      assertThat(changes.poll(10, TimeUnit.SECONDS)).isEqualTo("active true");
      assertThat(monitor.demand("generation").deviceSeconds()).isEqualTo(6);
      reads.add(4L);
      reads.add(0L);
      assertThat(changes.poll(10, TimeUnit.SECONDS)).isEqualTo("active false");
      assertThat(changes).isEmpty();
    }
  }

  @Test
  void demand_ofPausedTopics_needsNoWorker() throws Exception {
    paused = 3;
    try (DemandMonitor monitor = new DemandMonitor(this::read, Map.of("generation", 2.0), PERIOD)) {
      monitor.onChange(
          () -> changes.add("active " + monitor.last("generation").orElseThrow().active()));
      reads.add(3L);
      assertThat(changes.poll(10, TimeUnit.SECONDS)).isEqualTo("active false");
      assertThat(monitor.demand("generation")).isEqualTo(new Demand(3, 3, 2.0));
      reads.add(5L);
      assertThat(changes.poll(10, TimeUnit.SECONDS)).isEqualTo("active true");
      Demand demand = monitor.demand("generation");
      assertThat(demand.deviceSeconds()).isEqualTo(4);
      assertThat(ScalingTarget.of(Map.of("targetJobs", "1")).workers(demand, 9)).isEqualTo(2);
    }
  }
}
