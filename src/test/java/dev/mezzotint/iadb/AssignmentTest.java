package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AssignmentTest {

  @Test
  void solve_findsTheLeastTotalOfAllPermutations() {
    SplittableRandom random = new SplittableRandom(4);
    for (int round = 0; round < 50; round++) {
      int n = 1 + round % 7;
      double[][] costs = new double[n][n];
      for (double[] row : costs) {
        Arrays.setAll(row, j -> random.nextDouble());
      }
      int[] partner = Assignment.solve(costs);
      double total = 0;
      boolean[] taken = new boolean[n];
      for (int i = 0; i < n; i++) {
        assertThat(taken[partner[i]]).isFalse();
        taken[partner[i]] = true;
        total += costs[i][partner[i]];
      }
      assertThat(total).isCloseTo(best(costs, 0, new boolean[n]), within(1e-12));
    }
  }

  private static double best(double[][] costs, int row, boolean[] taken) {
    if (row == costs.length) {
      return 0;
    }
    double least = Double.POSITIVE_INFINITY;
    for (int j = 0; j < costs.length; j++) {
      if (!taken[j]) {
        taken[j] = true;
        least = Math.min(least, costs[row][j] + best(costs, row + 1, taken));
        taken[j] = false;
      }
    }
    return least;
  }

  /** On a line the best pairing is the one by rank. */
  @Test
  void wasserstein1_onALine_isTheMeanOverRanks() {
    int n = 300;
    double[][] a = new double[n][1];
    double[][] b = new double[n][1];
    SplittableRandom random = new SplittableRandom(8);
    for (int i = 0; i < n; i++) {
      a[i][0] = random.nextDouble();
      b[i][0] = 2 * random.nextDouble() - 0.3;
    }
    double expected = 0;
    double[] x = Arrays.stream(a).mapToDouble(p -> p[0]).sorted().toArray();
    double[] y = Arrays.stream(b).mapToDouble(p -> p[0]).sorted().toArray();
    for (int i = 0; i < n; i++) {
      expected += Math.abs(x[i] - y[i]) / n;
    }
    assertThat(Assignment.wasserstein1(a, b)).isCloseTo(expected, within(1e-12));
    assertThat(Assignment.wasserstein1(a, a)).isZero();
  }

  @Test
  void wasserstein1_setsOfUnequalSize_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Assignment.wasserstein1(new double[2][1], new double[3][1]));
  }
}
