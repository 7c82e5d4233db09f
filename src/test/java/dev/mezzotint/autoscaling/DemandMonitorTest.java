package dev.mezzotint.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DemandMonitorTest {
  private static final Duration OFTEN = Duration.ofMillis(10);

  private final BlockingQueue<Object> looks = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

  private volatile long paused;

  /** What the broker says next; a text is a fault. */
  private Map<String, QueueSnapshot> look() throws InterruptedException {
    Object next = looks.take();
    if (next instanceof String fault) {
      throw fault.equals("away") ? new TransientException("away") : new IllegalStateException();
    }
    return Map.of("generation", new QueueSnapshot((Long) next, paused, 0, 0, 0));
  }

  @Test
  void changesAreToldOnceAndFaultsChangeNothing() throws Exception {
    try (DemandMonitor watch = new DemandMonitor(this::look, Map.of("generation", 2.0), OFTEN)) {
      watch.onChange(() -> told.add("active " + watch.last("generation").orElseThrow().active()));
      assertThatThrownBy(() -> watch.demand("generation")).isInstanceOf(TransientException.class);
      assertThat(watch.last("generation")).isEmpty(); // unknown, and not nothing
      assertThatThrownBy(() -> watch.demand("x")).isInstanceOf(InvalidInputException.class);

      looks.add(0L);
      assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("active false");
      looks.add("away");
      looks.add("broken");
      looks.add(0L);
      looks.add(3L);
      assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("active true");
      assertThat(watch.demand("generation").deviceSeconds()).isEqualTo(6);
      looks.add(4L);
      looks.add(0L);
      assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("active false");
      assertThat(told).isEmpty();
    }
  }

  @Test
  void whatIsPausedAsksForNobody() throws Exception {
    paused = 3;
    try (DemandMonitor watch = new DemandMonitor(this::look, Map.of("generation", 2.0), OFTEN)) {
      watch.onChange(() -> told.add("active " + watch.last("generation").orElseThrow().active()));
      looks.add(3L);
      assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("active false");
      assertThat(watch.demand("generation")).isEqualTo(new Demand(3, 3, 2.0));
      looks.add(5L);
      assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("active true");
      Demand demand = watch.demand("generation");
      assertThat(demand.deviceSeconds()).isEqualTo(4);
      assertThat(ScalingTarget.of(Map.of("targetJobs", "1")).workers(demand, 9)).isEqualTo(2);
    }
  }
}
