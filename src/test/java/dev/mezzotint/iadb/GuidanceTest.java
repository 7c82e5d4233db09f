package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class GuidanceTest {
  private static final float[] WITH = {1, 2};
  private static final float[] WITHOUT = {2, 1};

  private static float[] apply(double weight, boolean zeroStar) {
    float[] guided = new float[2];
    new Guidance(weight, zeroStar).apply(WITH, WITHOUT, guided);
    return guided;
  }

  @Test
  void weightOneIsNoGuidanceAndLeavesNoStepOut() {
    assertThat(apply(1, false)).containsExactly(WITH);
    assertThat(apply(1, true)).containsExactly(WITH);
    assertThat(new Guidance(1, true).leavesOut(0, 100)).isFalse();
  }

  @Test
  void plainGuidanceGoesPastTheDirectionWithTheClass() {
    assertThat(apply(3, false)).containsExactly(-1, 4);
    assertThat(apply(0, false)).containsExactly(WITHOUT);
  }

  @Test
  void zeroStarScalesTheDirectionWithoutTheClassAndLeavesTheFirstStepsOut() {
    // s = (1·2 + 2·1) / (4 + 1) = 0.8
    assertThat(apply(3, true)).containsExactly(new float[] {-0.2f, 4.4f}, within(1e-6f));
    Guidance guidance = new Guidance(3, true);
    assertThat(guidance.leavesOut(0, 50)).isTrue();
    assertThat(guidance.leavesOut(1, 50)).isTrue();
    assertThat(guidance.leavesOut(2, 50)).isFalse();
    assertThat(new Guidance(3, false).leavesOut(0, 50)).isFalse();
  }

  @Test
  void weightsOutOfRangeAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Guidance(-0.1, false));
    assertThatIllegalArgumentException().isThrownBy(() -> new Guidance(Double.NaN, false));
    assertThatIllegalArgumentException().isThrownBy(() -> new Guidance(101, false));
  }
}
