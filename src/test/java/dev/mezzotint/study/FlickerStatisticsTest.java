package dev.mezzotint.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class FlickerStatisticsTest {
  private static final float[] SAME = {1, 1, 1, 0};
  private static final float[] MOVED = {1, 1, 0, 0};

  @Test
  void countsOnlyPixelsWithEqualConditions() {
    float[] first = {0, 0, 0, 0};
    float[] second = {0.5f, 0, 1, 0};
    FlickerStatistics found = FlickerStatistics.of(List.of(first, second), List.of(SAME, MOVED), 4);
    assertThat(found.agreeing()).isEqualTo(0.75);
    assertThat(found.levels()).isEqualTo(0.25 * 255 / 3, within(1e-9));
  }

  @Test
  void stillClip_doesNotFlicker_andValuesAreClamped() {
    float[] first = {2, -3, 0, 0};
    float[] second = {1, -1, 0, 0};
    assertThat(FlickerStatistics.of(List.of(first, second), List.of(SAME, SAME), 4).levels())
        .isZero();
  }

  @Test
  void refusesMissingConditions() {
    assertThatThrownBy(() -> FlickerStatistics.of(List.of(SAME), List.of(), 4))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
