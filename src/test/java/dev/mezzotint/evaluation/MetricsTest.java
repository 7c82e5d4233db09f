package dev.mezzotint.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.iadb.Noise;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.quicktheories.WithQuickTheories;
import org.quicktheories.core.Gen;

/** Tests each metric on images with known faults. */
class MetricsTest implements WithQuickTheories {
  private static final ImageSet REAL = Drawings.of(128, 32, 1);
  private static final ImageSet FLOOR = Drawings.of(128, 32, 2);
  private static final ImageSet THIRD = Drawings.of(128, 32, 3);

  private static double sliced(ImageSet other) {
    return Arrays.stream(new SlicedWasserstein(REAL, 5).to(other)).average().orElseThrow();
  }

  @Test
  void pyramid_levelsSumToTheImage() {
    ImageSet flat =
        Drawings.each(
            REAL,
            v -> {
              Arrays.fill(v, 0.25f);
              return v;
            });
    List<ImageSet> levels = LaplacianPyramid.levels(flat);
    assertThat(levels).extracting(ImageSet::width).containsExactly(32, 16);
    assertThat(levels.get(0).values()).containsOnly(new float[] {0}, within(1e-6f));
    assertThat(levels.get(1).values()).containsOnly(new float[] {0.25f}, within(1e-6f));
    assertThat(LaplacianPyramid.levels(Drawings.of(1, 64, 1)))
        .extracting(ImageSet::width)
        .containsExactly(64, 32, 16);
    assertThat(LaplacianPyramid.levels(Drawings.of(1, 28, 1)))
        .extracting(ImageSet::width)
        .containsExactly(28, 14);
    assertThat(LaplacianPyramid.levels(Drawings.of(1, 27, 1))).hasSize(1);
  }

  @Test
  void slicedWasserstein_isZeroForItself_andGrowsWithShift() {
    assertThat(sliced(REAL)).isZero();
    double before = sliced(FLOOR);
    assertThat(before).isPositive();
    assertThat(sliced(THIRD)).isBetween(before / 2, before * 2);
    for (float shift : new float[] {0.2f, 0.4f, 0.8f}) {
      double now = sliced(Drawings.shifted(FLOOR, shift));
      assertThat(now).isGreaterThan(before);
      before = now;
    }
  }

  @Test
  void slicedWasserstein_ofShift_matchesTheory() {
    // A projection moves by (shift / deviation) · Σ of the direction's components, which for a
    // random unit vector is nearly standard normal: √(2/π) on average of the absolute value.
    ImageSet grey = Drawings.noisy(Drawings.each(REAL, v -> new float[v.length]), 0.5f);
    double[] distances = new SlicedWasserstein(grey, 1).to(Drawings.shifted(grey, 1f));
    ImageSet coarse = LaplacianPyramid.levels(grey).get(1);
    double square = 0;
    for (float value : coarse.values()) {
      square += (double) value * value / coarse.values().length;
    }
    double expected = 1000 * Math.sqrt(2 / Math.PI) / Math.sqrt(square);
    assertThat(distances[1]).isCloseTo(expected, within(0.2 * expected));
    assertThat(distances[0]).isLessThan(0.01 * expected); // a fine level does not see it
  }

  @Test
  void slicedWasserstein_detectsEveryFault() {
    double floor = sliced(FLOOR);
    assertThat(sliced(Drawings.blurred(FLOOR))).isGreaterThan(1.3 * floor);
    assertThat(sliced(Drawings.noisy(FLOOR, 0.1f))).isGreaterThan(1.3 * floor);
    assertThat(sliced(Drawings.tinted(FLOOR, 0.3f))).isGreaterThan(1.3 * floor);
    assertThat(sliced(Drawings.collapsed(FLOOR, 4))).isGreaterThan(1.3 * floor);
  }

  @Test
  void kid_isSmallForOneDistribution_andDetectsNoiseColourAndCollapse() {
    RandomFeatures space = new RandomFeatures(REAL);
    float[][] real = space.of(REAL);
    double chance = FeatureDistances.kidNoiseFloor(real, space.of(FLOOR), 1);
    assertThat(Math.abs(FeatureDistances.kid(real, space.of(FLOOR)))).isLessThan(4 * chance);
    assertThat(Math.abs(FeatureDistances.kid(real, space.of(THIRD)))).isLessThan(4 * chance);
    Map<String, ImageSet> faults =
        Map.of(
            "noise", Drawings.noisy(FLOOR, 0.1f),
            "colour", Drawings.tinted(FLOOR, 0.3f),
            "collapse", Drawings.collapsed(FLOOR, 4));
    faults.forEach(
        (name, faulty) ->
            assertThat(FeatureDistances.kid(real, space.of(faulty)))
                .as(name)
                .isGreaterThan(5 * chance));
  }

  @Test
  void spectrum_detectsBlurAndNoise() {
    double[] real = Spectrum.radial(REAL);
    double floor = Spectrum.error(real, Spectrum.radial(FLOOR));
    assertThat(Spectrum.error(real, Spectrum.radial(Drawings.blurred(FLOOR))))
        .isGreaterThan(3 * floor);
    assertThat(Spectrum.error(real, Spectrum.radial(Drawings.noisy(FLOOR, 0.1f))))
        .isGreaterThan(3 * floor);
  }

  @Test
  void kid_isUnbiased() {
    double sum = 0;
    double squares = 0;
    int pairs = 200;
    for (int i = 0; i < pairs; i++) {
      double value = FeatureDistances.kid(gaussian(20, 4, 2L * i), gaussian(20, 4, 2L * i + 1));
      sum += value;
      squares += value * value;
    }
    double error = Math.sqrt(squares / pairs / pairs);
    assertThat(sum / pairs).isCloseTo(0, within(4 * error));
  }

  private static float[][] gaussian(int n, int values, long seed) {
    float[][] rows = new float[n][values];
    for (int i = 0; i < n; i++) {
      Noise.gaussian(seed, i, rows[i], 0, values);
    }
    return rows;
  }

  @Test
  void coverage_isFullForTheSame_andFallsWithEachMissingKind() {
    float[][] real = new RandomFeatures(REAL).of(REAL);
    assertThat(FeatureDistances.coverage(real, real)).isEqualTo(1);
    double before = FeatureDistances.coverage(real, new RandomFeatures(REAL).of(FLOOR));
    assertThat(before).isGreaterThan(0.8);
    for (int kinds : new int[] {32, 8, 2}) {
      float[][] few = new RandomFeatures(REAL).of(Drawings.collapsed(FLOOR, kinds));
      double now = FeatureDistances.coverage(real, few);
      assertThat(now).isLessThan(before);
      before = now;
    }
    float[][] far = gaussian(128, RandomFeatures.LENGTH, 3);
    for (float[] row : far) {
      Arrays.fill(row, 100);
    }
    assertThat(FeatureDistances.coverage(real, far)).isZero();
  }

  @Test
  void features_areDeterministic_forAllSizesAndChannels() {
    assertThat(new RandomFeatures(REAL).of(FLOOR))
        .isDeepEqualTo(new RandomFeatures(REAL).of(FLOOR));
    for (int side : new int[] {7, 8, 28, 33, 64}) {
      ImageSet grey = new ImageSet(6, 1, side, side + 1, new float[6 * side * (side + 1)]);
      float[][] features = new RandomFeatures(grey).of(grey);
      assertThat(features).hasDimensions(6, RandomFeatures.LENGTH);
      assertThat(features[0]).containsOnly(new float[] {0}, within(1e-3f)); // all are the mean
    }
  }

  @Test
  void spectrum_ofWave_peaksAtItsFrequency() {
    for (int cycles : new int[] {3, 8, 12}) {
      ImageSet wave = new ImageSet(1, 1, 32, 32, new float[1024]);
      for (int i = 0; i < 1024; i++) {
        wave.values()[i] = (float) Math.cos(2 * Math.PI * cycles * (i % 32) / 32.0);
      }
      double[] spectrum = Spectrum.radial(wave);
      assertThat(spectrum).hasSize(16);
      int most =
          IntStream.range(0, 16).reduce((a, b) -> spectrum[a] >= spectrum[b] ? a : b).orElse(-1);
      assertThat(most + 1).isEqualTo(cycles);
    }
  }

  @Test
  void spectrum_ofWhiteNoise_isFlat() {
    ImageSet noise = Drawings.noisy(new ImageSet(64, 1, 32, 32, new float[64 * 1024]), 0.5f);
    for (double power : Spectrum.radial(noise)) {
      // The Hann window's mean square is (3/8)² in two dimensions.
      assertThat(power).isCloseTo(0.25 * 9 / 64, within(0.006));
    }
    assertThat(Spectrum.error(Spectrum.radial(noise), Spectrum.radial(noise))).isZero();
    ImageSet half =
        Drawings.each(
            noise,
            v -> {
              for (int i = 0; i < v.length; i++) {
                v[i] /= 2;
              }
              return v;
            });
    assertThat(Spectrum.error(Spectrum.radial(noise), Spectrum.radial(half)))
        .isCloseTo(20 * Math.log10(2), within(1e-3));
  }

  @Test
  void neighbours_doNotDependOnChunks() {
    qt().withFixedSeed(3)
        .withExamples(20)
        .forAll(sizes(1, 40), sizes(1, 9))
        .checkAssert(
            (others, chunk) -> {
              ImageSet queries = Drawings.of(5, 8, 9);
              ImageSet set = Drawings.of(others, 8, 10);
              Neighbours search = new Neighbours(queries);
              for (int from = 0; from < others; from += chunk) {
                int[] which = IntStream.range(from, Math.min(others, from + chunk)).toArray();
                search.add(set.select(which), which);
              }
              for (int q = 0; q < 5; q++) {
                double least = Double.MAX_VALUE;
                for (int j = 0; j < others; j++) {
                  double sum = 0;
                  for (int i = 0; i < set.stride(); i++) {
                    double d =
                        queries.values()[q * set.stride() + i] - set.values()[j * set.stride() + i];
                    sum += d * d;
                  }
                  least = Math.min(least, 127.5 * Math.sqrt(sum / set.stride()));
                }
                assertThat(search.distances()[q]).isCloseTo(least, within(1e-3));
              }
            });
  }

  private Gen<Integer> sizes(int low, int high) {
    return integers().between(low, high);
  }

  @Test
  void colourError_comparesSegmentMeans() {
    byte[][] segments = new byte[REAL.size()][REAL.plane()];
    for (byte[] map : segments) {
      for (int i = 0; i < map.length; i++) {
        map[i] = (byte) (i % 32 < 16 ? 0 : 200);
      }
    }
    assertThat(Consistency.colourError(REAL, REAL, segments)).isZero();
    assertThat(Consistency.colourError(Drawings.shifted(REAL, 0.1f), REAL, segments))
        .isCloseTo(12.75, within(0.01));
    // Noise within a segment does not change its mean colour.
    assertThat(Consistency.colourError(Drawings.noisy(REAL, 0.1f), REAL, segments)).isLessThan(2);
    SegmentColours colours = new SegmentColours(256, 3);
    colours.add(REAL, segments);
    ImageSet mean = colours.render(REAL, segments);
    assertThat(mean.values()[0]).isEqualTo(mean.values()[15]).isNotEqualTo(mean.values()[16]);
  }

  @Test
  void edgeCorrelation_isHighOnlyForTheOwnReference() {
    assertThat(Consistency.edgeCorrelation(REAL, REAL)).isCloseTo(1, within(1e-9));
    assertThat(Consistency.edgeCorrelation(Drawings.shifted(REAL, 0.3f), REAL))
        .isCloseTo(1, within(1e-3));
    assertThat(Consistency.edgeCorrelation(FLOOR, REAL)).isLessThan(0.6);
    assertThat(Consistency.edgeCorrelation(REAL.blank(REAL.size()), REAL)).isZero();
    assertThat(Consistency.difference(REAL, Drawings.shifted(REAL, 0.2f)))
        .isCloseTo(25.5, within(0.01));
    byte[][] maps = {{0, 0, 1, 1}, {2, 2, 2, 2}, {0, 1, 1, 1}};
    assertThat(Consistency.mostSimilar(maps, new byte[][] {{1, 1, 1, 1}, {2, 2, 2, 0}}))
        .containsExactly(2, 1);
  }
}
