package dev.mezzotint.observability;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.MessageFormat;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectionMonitorTest {
  private static final Logger LOG = Logger.getLogger(ConnectionMonitor.class.getName());
  private static final Duration PERIOD = Duration.ofMillis(20);

  private final List<String> log = new CopyOnWriteArrayList<>();
  private final Handler listener =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          log.add(MessageFormat.format(record.getMessage(), record.getParameters()));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void captureLog() {
    LOG.addHandler(listener);
  }

  @AfterEach
  void releaseLog() {
    LOG.removeHandler(listener);
  }

  private static void await(BooleanSupplier reached) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!reached.getAsBoolean() && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertThat(reached.getAsBoolean()).isTrue();
  }

  @Test
  void outage_isLoggedWhenItBeginsAndWhenItEnds() throws Exception {
    AtomicInteger checks = new AtomicInteger();
    AtomicReference<Optional<String>> state = new AtomicReference<>(Optional.empty());
    try (ConnectionMonitor monitor =
        new ConnectionMonitor(
            "broker",
            PERIOD,
            () -> {
              checks.incrementAndGet();
              return state.get();
            })) {
      await(() -> checks.get() > 3);
      assertThat(monitor.problem()).isEmpty();
      assertThat(log).isEmpty();

      state.set(Optional.of("no broker answers"));
      await(() -> monitor.problem().isPresent());
      int before = checks.get();
      await(() -> checks.get() > before + 20);
      assertThat(monitor.problem()).contains("no broker answers");
      assertThat(log).containsExactly("Not ready: no broker answers");

      state.set(Optional.empty());
      await(() -> monitor.problem().isEmpty() && log.size() == 2);
      assertThat(log.get(1)).startsWith("Ready again after 0 s; ").contains("left out");
    }
  }

  @Test
  void anotherCauseOfTheSameOutage_isLoggedAsWell() throws Exception {
    AtomicReference<Optional<String>> state = new AtomicReference<>(Optional.of("no answer"));
    try (ConnectionMonitor monitor = new ConnectionMonitor("broker", PERIOD, state::get)) {
      await(() -> log.size() == 1);
      state.set(Optional.of("its certificate has expired"));
      await(() -> log.size() == 2);
      assertThat(monitor.problem()).as("%s", log).contains("its certificate has expired");
      state.set(Optional.empty());
      await(() -> log.size() == 3);
    }
    assertThat(log.get(1)).isEqualTo("Not ready: its certificate has expired");
    assertThat(log.get(2)).startsWith("Ready again");
  }

  @Test
  void failureOfASingleCheck_isNotLogged() throws Exception {
    AtomicInteger checks = new AtomicInteger();
    try (ConnectionMonitor unused =
        new ConnectionMonitor(
            "broker",
            PERIOD,
            () -> checks.incrementAndGet() % 3 == 0 ? Optional.of("restarts") : Optional.empty())) {
      await(() -> checks.get() > 12);
    }
    assertThat(log).isEmpty();
  }

  @Test
  void checkThatThrows_doesNotEndTheMonitor() throws Exception {
    AtomicInteger checks = new AtomicInteger();
    try (ConnectionMonitor monitor =
        new ConnectionMonitor(
            "store",
            PERIOD,
            () -> {
              if (checks.incrementAndGet() < 4) {
                throw new IllegalStateException("a defect");
              }
              return Optional.empty();
            })) {
      await(() -> monitor.problem().isPresent());
      assertThat(monitor.problem().orElseThrow()).contains("a defect");
      await(() -> monitor.problem().isEmpty());
    }
  }
}
