package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.training.recipe.Coupling;
import org.junit.jupiter.api.Test;

class CouplingTest {
  @Test
  void independent_keepsAllRows() {
    float[] x0 = {3, 1, 2};
    Coupling.INDEPENDENT.couple(x0, new float[] {1, 2, 3}, new long[3]);
    assertThat(x0).containsExactly(3, 1, 2);
  }

  @Test
  void optimalTransport_minimizesTotalSquaredDistance() {
    float[] x0 = {3, 30, 1, 10, 2, 20};
    Coupling.OPTIMAL_TRANSPORT.couple(x0, new float[] {1, 11, 2, 19, 3, 31}, new long[3]);
    assertThat(x0).containsExactly(1, 10, 2, 20, 3, 30);
  }

  @Test
  void rowsOfDifferentClasses_areNotExchanged() {
    float[] x0 = {5, 1, 0, 9};
    // Without classes 0 would go to the first row; with them only rows 1 and 3, 0 and 2 may swap.
    Coupling.OPTIMAL_TRANSPORT.couple(x0, new float[] {0, 8, 6, 2}, new long[] {4, 7, 4, 7});
    assertThat(x0).containsExactly(0, 9, 5, 1);
  }
}
