package dev.mezzotint.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.quicktheories.QuickTheory.qt;
import static org.quicktheories.generators.SourceDSL.doubles;
import static org.quicktheories.generators.SourceDSL.integers;

import dev.mezzotint.autoscaling.ScalingTarget;
import dev.mezzotint.json.InvalidInputException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AutoscalerSimulationTest {
  private static ScaleArrivals every(double seconds, int jobs) {
    double[] at = new double[jobs];
    for (int i = 0; i < jobs; i++) {
      at[i] = i * seconds;
    }
    return new ScaleArrivals(at);
  }

  @Test
  void everyJobIsDoneOnceAndPaidFor() {
    qt().withExamples(60)
        .forAll(
            doubles().between(0.5, 30),
            integers().between(1, 12),
            doubles().between(0, 200),
            integers().between(0, 1_000_000))
        .checkAssert(
            (seconds, lanes, startup, seed) -> {
              int jobs = 1 + seed % 400;
              double[] at = new Random(seed).doubles(jobs, 0, 3_000).toArray();
              SimulatedCluster settings = SimulatedCluster.of(seconds, seconds * lanes, startup);
              ScalingOutcome outcome = AutoscalerSimulation.run(settings, new ScaleArrivals(at));

              assertThat(outcome.waits()).hasSize(jobs);
              // Nothing is done before a pod is there, and nothing waits less than no time.
              assertThat(outcome.waited(0)).isNotNegative();
              assertThat(outcome.waited(0.5)).isLessThanOrEqualTo(outcome.waited(0.99));
              double work = jobs * seconds / 3600;
              assertThat(outcome.podHours()).isGreaterThanOrEqualTo(outcome.busyHours() * 0.999);
              assertThat(outcome.busyHours()).isGreaterThanOrEqualTo(work * 0.9);
              assertThat(outcome.podsMost()).isBetween(1, settings.podsMax());
              assertThat(outcome.killedSeconds())
                  .isLessThanOrEqualTo(outcome.killed() * (seconds * lanes + 1));
            });
  }

  @Test
  void theFirstJobWaitsForAPodAndThePodGoesAfterTheCooldown() {
    ScalingOutcome outcome = AutoscalerSimulation.run(SimulatedCluster.of(1, 8, 90), every(1, 1));

    assertThat(outcome.waited(1)).isCloseTo(90, within(16.0));
    assertThat(outcome.podHours()).isCloseTo((90 + 8 + 300) / 3600.0, within(40 / 3600.0));
    assertThat(outcome.starts()).isEqualTo(1);
    assertThat(outcome.killed()).isZero();
  }

  @Test
  void aPodThatIsAlwaysThereWaitsForNoOne() {
    SimulatedCluster settings = SimulatedCluster.of(1, 8, 90).withPods(1, 1);
    ScalingOutcome outcome = AutoscalerSimulation.run(settings, every(10, 100));

    assertThat(outcome.waited(0.99)).isLessThan(1);
    assertThat(outcome.starts()).isEqualTo(1);
  }

  @Test
  void aSmallerShareWaitsLessAndCostsMore() {
    ScaleArrivals day = ScaleArrivals.day(4_000, 7);
    SimulatedCluster settings = SimulatedCluster.of(6, 48, 60);
    ScalingOutcome quick =
        AutoscalerSimulation.run(settings.withTarget(new ScalingTarget.Seconds(20)), day);
    ScalingOutcome thrifty =
        AutoscalerSimulation.run(settings.withTarget(new ScalingTarget.Seconds(600)), day);

    assertThat(quick.waited(0.95)).isLessThan(thrifty.waited(0.95));
    assertThat(quick.podHours()).isGreaterThan(thrifty.podHours());
    assertThat(thrifty.waits()).hasSize(day.seconds().length);
  }

  @Test
  void jobsLongerThanTheDrainAreKilledWhenPodsGo() {
    // A burst makes pods, a trickle keeps few: those that go have jobs of ten minutes in hand.
    double[] at = new double[300];
    for (int i = 0; i < at.length; i++) {
      at[i] = i < 100 ? i * 0.1 : 600 + i * 40;
    }
    ScalingOutcome outcome =
        AutoscalerSimulation.run(SimulatedCluster.of(60, 600, 30), new ScaleArrivals(at));

    assertThat(outcome.killed()).isPositive();
    assertThat(outcome.waits()).hasSize(at.length);
    ScalingOutcome shorter =
        AutoscalerSimulation.run(SimulatedCluster.of(2, 16, 30), new ScaleArrivals(at));
    assertThat(shorter.killed()).isZero();
  }

  @Test
  void aDayHasAboutAsManyJobsAsAskedForAndIsTheSameForTheSameSeed() {
    ScaleArrivals day = ScaleArrivals.day(5_000, 3);

    assertThat(day.seconds().length).isBetween(4_500, 5_500);
    assertThat(day.seconds()).isSorted().isEqualTo(ScaleArrivals.day(5_000, 3).seconds());
    assertThat(day.seconds()).isNotEqualTo(ScaleArrivals.day(5_000, 4).seconds());
  }

  @Test
  void tracesAreReadAndWrongOnesRefused() {
    ScaleArrivals trace =
        ScaleArrivals.parse(List.of("seconds,model", "# quiet", "1000.5,a", "", "1000,b"));
    assertThat(trace.seconds()).containsExactly(0, 0.5);

    for (List<String> wrong :
        List.of(List.<String>of(), List.of("1", "two"), List.of("1", "NaN"), List.of("when"))) {
      assertThatThrownBy(() -> ScaleArrivals.parse(wrong))
          .isInstanceOf(InvalidInputException.class);
    }
  }
}
