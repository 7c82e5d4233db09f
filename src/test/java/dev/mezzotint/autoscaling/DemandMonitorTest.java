package dev.mezzotint.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.GroupOffsets.Backlog;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DemandMonitorTest {
  static final DemandMonitor.CostStore KEEPS_NOTHING =
      new DemandMonitor.CostStore() {
        @Override
        public Map<String, String> load() {
          return Map.of();
        }

        @Override
        public void save(Map<String, String> costs) {}
      };

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
    try (DemandMonitor monitor =
        new DemandMonitor(this::read, KEEPS_NOTHING, Map.of("generation", 2.0), PERIOD)) {
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

  /** Else each rollout of the control role would scale by the configured time per job. */
  @Test
  void secondsPerJob_survivesARestart() throws Exception {
    Map<String, String> kept = new ConcurrentHashMap<>();
    BlockingQueue<String> calls = new LinkedBlockingQueue<>();
    DemandMonitor.CostStore store =
        new DemandMonitor.CostStore() {
          @Override
          public Map<String, String> load() {
            if (calls.isEmpty()) {
              calls.add("failed load");
              throw new TransientException("away");
            }
            calls.add("load");
            return Map.copyOf(kept);
          }

          @Override
          public void save(Map<String, String> costs) {
            kept.putAll(costs);
            calls.add("save");
          }
        };
    kept.put("generation", "50.0 95.0");
    kept.put("removed kind", "1 1");
    try (DemandMonitor monitor =
        new DemandMonitor(this::read, store, Map.of("generation", 2.0), PERIOD)) {
      reads.add(3L);
      while (monitor.last("generation").isEmpty()) {
        Thread.sleep(1);
      }
      // Not known before the kept measurement: (5 · 2 + 50) / (5 + 95).
      assertThat(monitor.demand("generation").secondsPerJob()).isCloseTo(0.6, within(1e-9));
      assertThat(calls.poll(10, TimeUnit.SECONDS)).isEqualTo("failed load");
      assertThat(calls.poll(10, TimeUnit.SECONDS)).isEqualTo("load");
      assertThat(calls.poll(10, TimeUnit.SECONDS)).isEqualTo("save"); // without the removed kind
    }
    assertThat(kept).containsEntry("generation", "50.0 95.0");
  }

  @Test
  void demand_ofPausedTopics_needsNoWorker() throws Exception {
    paused = 3;
    try (DemandMonitor monitor =
        new DemandMonitor(this::read, KEEPS_NOTHING, Map.of("generation", 2.0), PERIOD)) {
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
