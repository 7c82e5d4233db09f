package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.bench.ServingModes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchCurveTest {
  private static final BatchCurve FLAT =
      new BatchCurve(new int[] {1, 2, 4, 8, 16}, new long[] {10, 20, 40, 80, 160});
  private static final BatchCurve FREE =
      new BatchCurve(new int[] {1, 2, 4, 8, 16}, new long[] {10, 10, 10, 10, 11});

  @Test
  void cap_stopsAtSmallestEfficientSize_whenRowsCostTheSame() {
    assertThat(FLAT.cap()).isEqualTo(4);
    assertThat(FREE.cap()).isEqualTo(16);
    assertThat(BatchCurve.unmeasured(6).cap()).isEqualTo(6);
  }

  @Test
  void choose_padsPassesOnlyWherePaddingIsCheap() {
    assertThat(FLAT.choose(9, 16))
        .isEqualTo(8); // the ninth row in the next pass, not seven rows of padding
    assertThat(FLAT.choose(3, 4)).isEqualTo(2);
    assertThat(FREE.choose(9, 16)).isEqualTo(16);
    assertThat(FREE.choose(3, 16)).isEqualTo(4);
    assertThat(FREE.choose(1, 16)).isEqualTo(1);
    assertThat(BatchCurve.unmeasured(6).choose(5, 6)).isEqualTo(6);
    assertThat(BatchCurve.unmeasured(16).choose(100, 8)).isEqualTo(8);
    assertThat(BatchCurve.pinned(8).choose(1, 8)).isEqualTo(8);
  }

  @Test
  void of_makesFallingTimesMonotonic() {
    assertThat(BatchCurve.of(new int[] {1, 2, 4}, new long[] {5, 4, 6}).nanos())
        .containsExactly(5, 5, 6);
    assertThatThrownBy(() -> new BatchCurve(new int[] {1, 2}, new long[] {5, 4}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void measure_endsInTimeAndExtrapolatesTheRest() {
    AtomicLong clock = new AtomicLong();
    var loader = new FakeModelLoader();
    try (StepGroup group =
        new StepGroup(FakeModelLoader.model("m"), loader.load(FakeModelLoader.model("m")), 8)) {
      // Each read of the clock takes 100 ns, and so does a pass, which is between two reads.
      BatchCurve curve =
          BatchCurve.measure(
              group.slots(),
              group.paddingSlot(),
              new int[] {1, 2, 4, 8},
              600,
              () -> clock.addAndGet(100));
      assertThat(curve.nanos()).containsExactly(100, 200, 400, 800);
    }
  }

  @Test
  void cachesQuietMeasurementsAndReadsThemAgain(@TempDir Path folder) throws IOException {
    BatchCurves curves = BatchCurves.cachedIn(folder.resolve("new"), "this machine");
    ModelInfo model = FakeModelLoader.model("m");
    AtomicLong clock = new AtomicLong();
    var loader = new FakeModelLoader();
    try (StepGroup group = new StepGroup(model, loader.load(model), 8)) {
      for (boolean quiet : List.of(false, true)) {
        curves.forModel(
            model, group.slots(), group.paddingSlot(), 8, () -> clock.addAndGet(7), () -> quiet);
        assertThat(Files.exists(folder.resolve("new"))).isEqualTo(quiet);
      }
      int probes = loader.probes.get();
      BatchCurve again =
          curves.forModel(
              model, group.slots(), group.paddingSlot(), 8, clock::incrementAndGet, () -> true);
      assertThat(loader.probes).as("nothing was measured").hasValue(probes);
      assertThat(again.nanos()).containsOnly(7);
      // Another machine, another limit, a corrupt file: measured again.
      BatchCurves elsewhere = BatchCurves.cachedIn(folder.resolve("new"), "another");
      elsewhere.forModel(
          model, group.slots(), group.paddingSlot(), 8, clock::incrementAndGet, () -> false);
      assertThat(loader.probes.get()).isGreaterThan(probes);
      try (Stream<Path> files = Files.list(folder.resolve("new"))) {
        Files.writeString(files.findFirst().orElseThrow(), "{");
      }
      int before = loader.probes.get();
      curves.forModel(
          model, group.slots(), group.paddingSlot(), 8, clock::incrementAndGet, () -> true);
      assertThat(loader.probes.get()).isGreaterThan(before);
    }
  }

  @Test
  void schedulingByStep_shortRequestsDoNotWaitForLongOnes() {
    List<ServingModes.Request> requests =
        ServingModes.poisson(500, 0.8 / ServingModes.meanRowSteps() * 1e8, 3);
    var step = ServingModes.atTheStep(requests, FLAT, 32, 16, ServingModes.virtual(FLAT));
    var request = ServingModes.byRequest(requests, FLAT, 16, ServingModes.virtual(FLAT));
    assertThat(request.quantile(0.5) / step.quantile(0.5)).isGreaterThan(1.5);
    assertThat(step.rowStepsPerSecond() / request.rowStepsPerSecond()).isGreaterThan(0.98);
    assertThat(step.latencies()).hasSize(500);
    assertThat(step.latencies()[0]).isPositive();
  }
}
