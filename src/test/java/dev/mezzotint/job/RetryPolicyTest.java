package dev.mezzotint.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
  private static final RetryPolicy QUICK =
      new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(4), Duration.ofMillis(100));

  private final AtomicInteger tries = new AtomicInteger();

  private int failingTimes(int times) {
    if (tries.incrementAndGet() <= times) {
      throw new TransientException("away");
    }
    return tries.get();
  }

  @Test
  void retriesUntilSuccess() throws Exception {
    assertThat(QUICK.withRetry(() -> false, () -> failingTimes(3))).isEqualTo(4);
  }

  @Test
  void logsOnceWhenItRetriesAndWhenItRecovers() throws Exception {
    Logger logger = Logger.getLogger(RetryPolicy.class.getName());
    List<String> said = new ArrayList<>();
    Handler ear =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            String text = new SimpleFormatter().formatMessage(line);
            said.add(line.getLevel() + " " + text);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(ear);
    try {
      QUICK.withRetry(() -> false, () -> failingTimes(2));
      assertThat(said).isEmpty();
      tries.set(0);
      QUICK.withRetry(() -> false, () -> failingTimes(9));
    } finally {
      logger.removeHandler(ear);
    }
    assertThat(said).hasSize(2);
    assertThat(said.get(0)).startsWith("WARN").endsWith("Retrying for up to 0 s: away");
    assertThat(said.get(1)).startsWith("INFO").contains("Recovered after 0");
  }

  @Test
  void throwsTheLastFailure_afterTheTimeout() {
    long begin = System.nanoTime();
    assertThatThrownBy(() -> QUICK.withRetry(() -> false, () -> failingTimes(Integer.MAX_VALUE)))
        .isInstanceOf(TransientException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(QUICK.timeout());
    assertThat(tries.get()).isGreaterThan(5);
  }

  @Test
  void triesOnce_whenStopped() {
    assertThatThrownBy(() -> QUICK.withRetry(() -> true, () -> failingTimes(1)))
        .isInstanceOf(TransientException.class);
    assertThat(tries.get()).isEqualTo(1);
  }

  @Test
  void interruptsALongPause_whenStopped() throws Exception {
    RetryPolicy slow =
        new RetryPolicy(Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofHours(1));
    long begin = System.nanoTime();
    assertThat(slow.pause(() -> System.nanoTime() - begin > 30_000_000)).isFalse();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void doesNotRetryOtherExceptions() {
    assertThatThrownBy(
            () ->
                QUICK.withRetry(
                    () -> false,
                    () -> {
                      tries.incrementAndGet();
                      throw new IllegalStateException("a defect");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(tries.get()).isEqualTo(1);
  }
}
