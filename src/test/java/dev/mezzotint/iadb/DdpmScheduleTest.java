package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DdpmScheduleTest {

  @Test
  void linear_hasTheEndsOfItsProducts() {
    double[] bars = DdpmSchedule.LINEAR.alphaBars();
    assertThat(bars[0]).isCloseTo(1 - 1e-4, within(1e-15));
    assertThat(bars[999]).isCloseTo(4.0358e-5, within(1e-8));
    assertThat(DdpmSchedule.LINEAR.alphaStart()).isCloseTo(0.00631, within(1e-5));
    assertThat(DdpmSchedule.LINEAR.alphaEnd()).isCloseTo(0.9901, within(1e-4));
  }

  @ParameterizedTest
  @EnumSource(DdpmSchedule.Kind.class)
  void timestep_invertsIntegerTimestepsAndInterpolatesOthers(DdpmSchedule.Kind kind) {
    DdpmSchedule schedule = new DdpmSchedule(kind, 1e-4, 0.02, 1000);
    double[] bars = schedule.alphaBars();
    for (int t : new int[] {0, 1, 250, 998, 999}) {
      double alpha = Iadb.alphaFromAlphaBar(bars[t]);
      assertThat(schedule.timestep(alpha)).isCloseTo(t, within(1e-6));
    }
    double between = Iadb.alphaFromAlphaBar((bars[400] + bars[401]) / 2);
    assertThat(schedule.timestep(between)).isCloseTo(400.5, within(1e-6));
    assertThat(schedule.timestep(0)).isEqualTo(999);
    assertThat(schedule.timestep(1)).isZero();
  }

  @Test
  void constructor_betasOutOfRangeOrFalling_throws() {
    DdpmSchedule.Kind linear = DdpmSchedule.Kind.LINEAR;
    assertThatIllegalArgumentException().isThrownBy(() -> new DdpmSchedule(linear, 0, 0.1, 10));
    assertThatIllegalArgumentException().isThrownBy(() -> new DdpmSchedule(linear, 0.2, 0.1, 10));
    assertThatIllegalArgumentException().isThrownBy(() -> new DdpmSchedule(linear, 0.1, 1, 10));
    assertThatIllegalArgumentException().isThrownBy(() -> new DdpmSchedule(linear, 0.1, 0.2, 1));
  }
}
