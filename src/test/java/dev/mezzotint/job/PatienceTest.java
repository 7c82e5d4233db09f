package dev.mezzotint.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PatienceTest {
  private static final Patience QUICK =
      new Patience(Duration.ofMillis(1), Duration.ofMillis(4), Duration.ofMillis(100));

  private final AtomicInteger tries = new AtomicInteger();

  private int failingTimes(int times) {
    if (tries.incrementAndGet() <= times) {
      throw new TransientException("away");
    }
    return tries.get();
  }

  @Test
  void triesAgainUntilItWorks() throws Exception {
    assertThat(QUICK.call(() -> false, () -> failingTimes(3))).isEqualTo(4);
  }

  @Test
  void endsWithTheLastFailureWhenTimeIsUp() {
    long begin = System.nanoTime();
    assertThatThrownBy(() -> QUICK.call(() -> false, () -> failingTimes(Integer.MAX_VALUE)))
        .isInstanceOf(TransientException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(QUICK.total());
    assertThat(tries.get()).isGreaterThan(5);
  }

  @Test
  void triesOnceAndNoMoreOnceStopped() {
    assertThatThrownBy(() -> QUICK.call(() -> true, () -> failingTimes(1)))
        .isInstanceOf(TransientException.class);
    assertThat(tries.get()).isEqualTo(1);
  }

  @Test
  void doesNotWaitOutALongPauseOnceStopped() throws Exception {
    Patience slow = new Patience(Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofHours(1));
    long begin = System.nanoTime();
    assertThat(slow.pause(() -> System.nanoTime() - begin > 30_000_000)).isFalse();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void leavesOtherErrorsAlone() {
    assertThatThrownBy(
            () ->
                QUICK.call(
                    () -> false,
                    () -> {
                      tries.incrementAndGet();
                      throw new IllegalStateException("a defect");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(tries.get()).isEqualTo(1);
  }
}
