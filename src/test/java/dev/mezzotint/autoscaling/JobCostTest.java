package dev.mezzotint.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.quicktheories.QuickTheory.qt;
import static org.quicktheories.generators.SourceDSL.doubles;
import static org.quicktheories.generators.SourceDSL.integers;

import dev.mezzotint.kafka.GroupOffsets.Backlog;
import org.junit.jupiter.api.Test;

class JobCostTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void seconds_withoutMeasurement_isTheConfiguredValue() {
    JobCost cost = new JobCost(7);
    assertThat(cost.seconds()).isEqualTo(7);

    // Workers below full load are not measured.
    cost.update(new Backlog(3, 0, 0, 8, 1), 0);
    cost.update(new Backlog(1, 0, 2, 8, 1), 100 * SECOND);
    assertThat(cost.seconds()).isEqualTo(7);
  }

  @Test
  void seconds_ofWorkersAtFullLoad_isMeasured() {
    qt().forAll(integers().between(1, 40), doubles().between(0.05, 20), doubles().between(0.05, 20))
        .checkAssert(
            (workers, seconds, configured) -> {
              JobCost cost = new JobCost(configured);
              long settled = 0;
              for (int second = 0; second < 3_000; second++) {
                settled = (long) (second * workers / seconds);
                cost.update(
                    new Backlog(1_000_000 - settled, 0, settled, 8 * workers, workers),
                    second * SECOND);
              }
              if (settled > 20 * JobCost.PRIOR_JOBS) {
                assertThat(cost.seconds())
                    .isCloseTo(seconds, within(0.2 * Math.max(seconds, configured)));
              }
              assertThat(cost.seconds())
                  .isBetween(
                      0.8 * Math.min(seconds, configured), 1.2 * Math.max(seconds, configured));
            });
  }

  /** An hour of pause must not count as work. */
  @Test
  void seconds_whilePaused_doesNotChange() {
    JobCost cost = new JobCost(2);
    for (int second = 0; second < 3_600; second++) {
      cost.update(new Backlog(100, 99, 0, 8, 1), second * SECOND);
    }
    assertThat(cost.seconds()).isEqualTo(2);
  }

  @Test
  void seconds_whenTheCountDecreases_staysPositive() {
    JobCost cost = new JobCost(2);
    for (int i = 0; i < 50; i++) {
      cost.update(new Backlog(100, 0, i % 2 == 0 ? 50 : 40, 8, 1), i * SECOND / 100);
    }
    assertThat(cost.seconds()).isPositive().isFinite();
  }

  @Test
  void restore_continuesTheMeasurement_andIgnoresOtherText() {
    JobCost before = new JobCost(5);
    for (int second = 0; second < 600; second++) {
      before.update(new Backlog(1_000_000, 0, 10L * second, 8, 1), second * SECOND);
    }
    assertThat(before.seconds()).isBetween(0.09, 0.15);

    JobCost after = new JobCost(5);
    after.restore(before.toNote());
    assertThat(after.seconds()).isEqualTo(before.seconds());
    for (String other : new String[] {"", "x", "1", "-1 2", "NaN 3", "1 2 3", "1 Infinity"}) {
      after.restore(other);
      assertThat(after.seconds()).as(other).isEqualTo(before.seconds());
    }
  }

  @Test
  void workers_dividesByTheTarget() {
    Demand demand = new Demand(200, 0, 2.5);

    assertThat(new ScalingTarget.Seconds(60).workers(demand, 100)).isEqualTo(9); // 500 s / 60 s
    assertThat(new ScalingTarget.Seconds(60).workers(demand, 4)).isEqualTo(4);
    assertThat(new ScalingTarget.Jobs(1).workers(demand, 1_000)).isEqualTo(200);
    assertThat(new ScalingTarget.Jobs(1).workers(new Demand(0, 0, 9), 1_000)).isZero();
  }
}
