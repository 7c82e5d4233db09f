package dev.mezzotint.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EpochOrderTest {
  @Test
  void epoch_visitsEveryImageOnce() {
    for (int n : new int[] {1, 2, 3, 7, 64, 1000, 6001}) {
      for (long epoch = 0; epoch < 3; epoch++) {
        boolean[] seen = new boolean[n];
        for (int i = 0; i < n; i++) {
          int index = EpochOrder.index(7, epoch * n + i, n);
          assertThat(seen[index]).isFalse();
          seen[index] = true;
        }
      }
    }
  }

  @Test
  void orders_differBetweenEpochsAndSeeds() {
    int[] first = epoch(1, 0, 500);
    assertThat(matches(first, epoch(1, 1, 500))).isLessThan(10);
    assertThat(matches(first, epoch(2, 0, 500))).isLessThan(10);
    assertThat(epoch(1, 0, 500)).isEqualTo(first);
  }

  @Test
  void ordersOfASmallSet_areEquallyLikely() {
    Map<String, Integer> counts = new HashMap<>();
    int epochs = 24_000;
    for (int epoch = 0; epoch < epochs; epoch++) {
      counts.merge(Arrays.toString(epoch(3, epoch, 4)), 1, Integer::sum);
    }
    assertThat(counts).hasSize(24);
    double expected = epochs / 24.0;
    double chiSquare = 0;
    for (int count : counts.values()) {
      chiSquare += (count - expected) * (count - expected) / expected;
    }
    // 23 degrees of freedom, 0.1 % level.
    assertThat(chiSquare).isLessThan(49.7);
  }

  @Test
  void neighboursInTheSet_areNotNeighboursInTheOrder() {
    int n = 2000;
    int[] order = epoch(5, 0, n);
    double sum = 0;
    for (int i = 0; i + 1 < n; i++) {
      sum += Math.abs(order[i + 1] - order[i]);
    }
    // Two independent uniform draws from [0, n) differ by n / 3 on average.
    assertThat(sum / (n - 1) / n).isBetween(0.31, 0.36);
  }

  @Test
  void invalidPositions_areRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> EpochOrder.index(1, -1, 5));
    assertThatIllegalArgumentException().isThrownBy(() -> EpochOrder.index(1, 0, 0));
    int far = EpochOrder.index(1, Long.MAX_VALUE, Integer.MAX_VALUE);
    assertThat(far).isBetween(0, Integer.MAX_VALUE - 1);
  }

  private static int[] epoch(long seed, long epoch, int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = EpochOrder.index(seed, epoch * n + i, n);
    }
    return order;
  }

  private static int matches(int[] a, int[] b) {
    int matches = 0;
    for (int i = 0; i < a.length; i++) {
      matches += a[i] == b[i] ? 1 : 0;
    }
    return matches;
  }
}
