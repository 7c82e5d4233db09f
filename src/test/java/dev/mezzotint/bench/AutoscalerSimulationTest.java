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
  private static final ScalingTarget TARGET = new ScalingTarget.Seconds(60);

  private static SimulatedCluster cluster(double jobSeconds, double jobLatency, double startup) {
    return new SimulatedCluster(TARGET, jobSeconds, jobLatency, startup, 0, 25);
  }

  private static ArrivalTrace every(double seconds, int jobs) {
    double[] at = new double[jobs];
    for (int i = 0; i < jobs; i++) {
      at[i] = i * seconds;
    }
    return new ArrivalTrace(at);
  }

  @Test
  void everyJob_runsOnceAndIsCounted() {
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
              SimulatedCluster settings = cluster(seconds, seconds * lanes, startup);
              AutoscalerSimulation.Outcome outcome =
                  AutoscalerSimulation.run(settings, new ArrivalTrace(at));

              assertThat(outcome.waits()).hasSize(jobs);
              // No job starts before it arrives.
              assertThat(outcome.waitQuantile(0)).isNotNegative();
              assertThat(outcome.waitQuantile(0.5)).isLessThanOrEqualTo(outcome.waitQuantile(0.99));
              double work = jobs * seconds / 3600;
              assertThat(outcome.podHours()).isGreaterThanOrEqualTo(outcome.busyHours() * 0.999);
              assertThat(outcome.busyHours()).isGreaterThanOrEqualTo(work * 0.9);
              assertThat(outcome.maxPods()).isBetween(1, settings.maxPods());
              assertThat(outcome.killedSeconds())
                  .isLessThanOrEqualTo(outcome.killed() * (seconds * lanes + 1));
            });
  }

  @Test
  void firstJob_waitsForPod_andPodStopsAfterCooldown() {
    AutoscalerSimulation.Outcome outcome = AutoscalerSimulation.run(cluster(1, 8, 90), every(1, 1));

    assertThat(outcome.waitQuantile(1)).isCloseTo(90, within(16.0));
    assertThat(outcome.podHours()).isCloseTo((90 + 8 + 300) / 3600.0, within(40 / 3600.0));
    assertThat(outcome.starts()).isEqualTo(1);
    assertThat(outcome.killed()).isZero();
  }

  @Test
  void minPods1_noJobWaits() {
    SimulatedCluster settings = new SimulatedCluster(TARGET, 1, 8, 90, 1, 1);
    AutoscalerSimulation.Outcome outcome = AutoscalerSimulation.run(settings, every(10, 100));

    assertThat(outcome.waitQuantile(0.99)).isLessThan(1);
    assertThat(outcome.starts()).isEqualTo(1);
  }

  @Test
  void smallerTarget_waitsLessAndCostsMore() {
    ArrivalTrace day = ArrivalTrace.day(4_000, 7);
    AutoscalerSimulation.Outcome quick =
        AutoscalerSimulation.run(
            new SimulatedCluster(new ScalingTarget.Seconds(20), 6, 48, 60, 0, 25), day);
    AutoscalerSimulation.Outcome thrifty =
        AutoscalerSimulation.run(
            new SimulatedCluster(new ScalingTarget.Seconds(600), 6, 48, 60, 0, 25), day);

    assertThat(quick.waitQuantile(0.95)).isLessThan(thrifty.waitQuantile(0.95));
    assertThat(quick.podHours()).isGreaterThan(thrifty.podHours());
    assertThat(thrifty.waits()).hasSize(day.seconds().length);
  }

  @Test
  void jobsLongerThanDrain_areKilledWithTheirPod() {
    // A burst starts pods, a trickle keeps few: pods stop while they run jobs of ten minutes.
    double[] at = new double[300];
    for (int i = 0; i < at.length; i++) {
      at[i] = i < 100 ? i * 0.1 : 600 + i * 40;
    }
    AutoscalerSimulation.Outcome outcome =
        AutoscalerSimulation.run(cluster(60, 600, 30), new ArrivalTrace(at));

    assertThat(outcome.killed()).isPositive();
    assertThat(outcome.waits()).hasSize(at.length);
    AutoscalerSimulation.Outcome shorter =
        AutoscalerSimulation.run(cluster(2, 16, 30), new ArrivalTrace(at));
    assertThat(shorter.killed()).isZero();
  }

  @Test
  void day_hasRequestedSize_andDependsOnSeedOnly() {
    ArrivalTrace day = ArrivalTrace.day(5_000, 3);

    assertThat(day.seconds().length).isBetween(4_500, 5_500);
    assertThat(day.seconds()).isSorted().isEqualTo(ArrivalTrace.day(5_000, 3).seconds());
    assertThat(day.seconds()).isNotEqualTo(ArrivalTrace.day(5_000, 4).seconds());
  }

  @Test
  void parse_readsTraces_andRefusesInvalidOnes() {
    ArrivalTrace trace =
        ArrivalTrace.parse(List.of("seconds,model", "# quiet", "1000.5,a", "", "1000,b"));
    assertThat(trace.seconds()).containsExactly(0, 0.5);

    for (List<String> wrong :
        List.of(List.<String>of(), List.of("1", "two"), List.of("1", "NaN"), List.of("when"))) {
      assertThatThrownBy(() -> ArrivalTrace.parse(wrong)).isInstanceOf(InvalidInputException.class);
    }
  }
}
