package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class AlphaScheduleTest {
  @Test
  void uniform_stepsAreEqual() {
    assertThat(AlphaSchedule.UNIFORM.alphas(4)).containsExactly(0, 0.25, 0.5, 0.75, 1);
  }

  @Test
  void cosine_followsItsFormula() {
    double[] alphas = AlphaSchedule.COSINE.alphas(3);
    assertThat(alphas[1]).isCloseTo(1 - Math.sqrt(3) / 2, within(1e-15));
    assertThat(alphas[2]).isCloseTo(0.5, within(1e-15));
  }

  @Test
  void everySchedule_risesFromExactlyZeroToExactlyOne() {
    for (AlphaSchedule base : List.of(AlphaSchedule.UNIFORM, AlphaSchedule.COSINE)) {
      for (double shift : new double[] {0.5, 1, 3}) {
        for (int steps : new int[] {1, 2, 50, AlphaSchedule.STEPS_MAX}) {
          double[] alphas = base.shifted(shift).alphas(steps);
          assertThat(alphas).hasSize(steps + 1);
          assertThat(alphas[0]).isEqualTo(0);
          assertThat(alphas[steps]).isEqualTo(1);
          for (int t = 0; t < steps; t++) {
            assertThat(alphas[t + 1]).isGreaterThan(alphas[t]);
          }
        }
      }
    }
  }

  @Test
  void shifted_isTheFlowMatchingShiftFromTheOtherEnd() {
    double s = 3;
    double[] alphas = AlphaSchedule.UNIFORM.shifted(s).alphas(10);
    for (int t = 0; t <= 10; t++) {
      double sigma = 1 - t / 10.0;
      assertThat(1 - alphas[t]).isCloseTo(s * sigma / (1 + (s - 1) * sigma), within(1e-15));
    }
  }

  @Test
  void alphas_fromAboveZero_startsThere() {
    assertThat(AlphaSchedule.UNIFORM.alphas(2, 0.5, 1)).containsExactly(0.5, 0.75, 1);
  }

  @Test
  void alphas_fromAboveTo_areTheSameValuesReversed() {
    double[] forward = AlphaSchedule.COSINE.alphas(17);
    double[] back = AlphaSchedule.COSINE.alphas(17, 1, 0);
    for (int t = 0; t <= 17; t++) {
      assertThat(back[t]).isEqualTo(forward[17 - t]);
    }
  }

  @Test
  void listed_returnsItsValues() {
    var listed = AlphaSchedule.listed(List.of(0.0, 0.1, 0.6, 1.0));
    assertThat(listed.alphas(3)).containsExactly(0, 0.1, 0.6, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> listed.alphas(4))
        .withMessage("steps is 4, but the list of alphas has 3");
  }

  @Test
  void listed_invalidList_throws() {
    for (List<Double> bad :
        List.of(
            List.<Double>of(),
            List.of(0.0),
            List.of(0.0, 0.9),
            List.of(0.1, 1.0),
            List.of(0.0, 0.5, 0.5, 1.0),
            List.of(0.0, Double.NaN, 1.0))) {
      assertThatIllegalArgumentException().isThrownBy(() -> AlphaSchedule.listed(bad));
    }
  }

  @Test
  void stepsEndsAndShift_outOfRange_throw() {
    for (int steps : new int[] {-1, 0, AlphaSchedule.STEPS_MAX + 1}) {
      assertThatIllegalArgumentException().isThrownBy(() -> AlphaSchedule.UNIFORM.alphas(steps));
    }
    for (double[] ends : new double[][] {{0.5, 0.5}, {-0.1, 1}, {0, 1.1}, {Double.NaN, 1}}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> AlphaSchedule.UNIFORM.alphas(2, ends[0], ends[1]));
    }
    for (double s : new double[] {0, -1, 1e9, Double.NaN}) {
      assertThatIllegalArgumentException().isThrownBy(() -> AlphaSchedule.UNIFORM.shifted(s));
    }
  }

  @Test
  void parse_readsEverySchedule() {
    assertThat(AlphaSchedule.parse("uniform")).isEqualTo(AlphaSchedule.UNIFORM);
    assertThat(AlphaSchedule.parse("cosine")).isEqualTo(AlphaSchedule.COSINE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlphaSchedule.parse("linear"))
        .withMessage("unknown schedule 'linear': use uniform, cosine, shift:S or a list of alphas");
    assertThat(AlphaSchedule.parse("shift:3").alphas(7))
        .containsExactly(AlphaSchedule.UNIFORM.shifted(3).alphas(7));
    assertThat(AlphaSchedule.parse("0, 0.2,1").alphas(2)).containsExactly(0, 0.2, 1);
    for (String wrong : new String[] {"shift:", "shift:0", "0,x,1", "0,0.5,0.5,1", ","}) {
      assertThatIllegalArgumentException().isThrownBy(() -> AlphaSchedule.parse(wrong));
    }
  }
}
