package dev.mezzotint.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.dataset.Pairing;
import dev.mezzotint.dataset.Pairings;
import dev.mezzotint.evaluation.Evaluation.Settings;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests whole evaluations of samplers that are good, or bad in known ways. */
class EvaluationTest {
  private static final ImageSet TRAINING = Drawings.of(80, 16, 1);
  private static final ImageSet HELD_OUT = Drawings.of(70, 16, 2);
  private static final Settings SETTINGS = new Settings(64, 2, 7, 0, 1000);

  @TempDir Path folder;

  private static Report evaluated(ImageSampler painter) throws IOException {
    return new Evaluation(
            Drawings.dataset(TRAINING), Drawings.dataset(HELD_OUT), painter, SETTINGS, words -> {})
        .run();
  }

  private static Metric metric(Report report, String key) {
    return report.metrics().stream().filter(m -> m.key().equals(key)).findFirst().orElseThrow();
  }

  @Test
  void perfectSampler_isAtTheFloor() throws IOException {
    Report report =
        evaluated((seed, none, classes) -> Drawings.of(classes.length, 16, 1000 + seed));
    assertThat(metric(report, "slicedWasserstein").ratio()).isBetween(0.6, 1.6);
    assertThat(metric(report, "slicedWasserstein16x16").model().spread()).isPositive();
    assertThat(metric(report, "coverage").ratio()).isBetween(0.85, 1.15);
    assertThat(metric(report, "nearestTraining").ratio()).isCloseTo(1, within(0.3));
    assertThat(report.lines()).hasSize(1 + report.metrics().size()).allMatch(l -> l.length() < 100);
    assertThat(report.sheet().width())
        .as("three times as large, and words to the left")
        .isEqualTo(110 + 3 * (2 + 12 * 18));
    assertThat(report.sheet().height()).isEqualTo(3 * (2 + 9 * 18));
    assertThat(report.toMap().get("settings").toString()).contains("count=64", "seed=7");
  }

  @Test
  void copiesOfTrainingImages_areAtTheFloorButDetected() throws IOException {
    Report report = evaluated((seed, none, classes) -> TRAINING.select(first(classes.length)));
    assertThat(metric(report, "slicedWasserstein").ratio()).isBetween(0.6, 1.6);
    assertThat(metric(report, "nearestTraining").model().mean()).isZero();
    assertThat(metric(report, "nearCopies").model().mean()).isEqualTo(1);
    assertThat(metric(report, "nearCopies").floor().mean()).isLessThan(0.07);
  }

  private static int[] first(int n) {
    return java.util.stream.IntStream.range(0, n).toArray();
  }

  @Test
  void noise_isFarFromTheFloor() throws IOException {
    Report report =
        evaluated((seed, none, classes) -> Drawings.noisy(TRAINING.blank(classes.length), 0.7f));
    assertThat(metric(report, "slicedWasserstein").ratio()).isGreaterThan(3);
    assertThat(metric(report, "kid").ratio()).isGreaterThan(5);
    assertThat(metric(report, "coverage").ratio()).isLessThan(0.3);
    assertThat(metric(report, "spectrum").ratio()).isGreaterThan(5);
    assertThat(metric(report, "nearestTraining").ratio()).isGreaterThan(2);
  }

  @Test
  void sameSeed_givesSameMetrics() throws IOException {
    ImageSampler painter = (seed, none, classes) -> Drawings.of(classes.length, 16, 1000 + seed);
    assertThat(evaluated(painter).toMap()).isEqualTo(evaluated(painter).toMap());
  }

  @Test
  void refusesTooFewImages() {
    assertThatThrownBy(
            () ->
                new Evaluation(
                    Drawings.dataset(TRAINING),
                    Drawings.dataset(HELD_OUT),
                    (seed, none, classes) -> TRAINING,
                    new Settings(71, 1, 0, 0, 10),
                    words -> {}))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--count 71 needs as many held-out")
        .hasMessageContaining("70 and 80");
    assertThatThrownBy(() -> new Settings(15, 1, 0, 0, 10))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--count must be from 16");
  }

  /** Two classes, sky over ground at a random height; the ground has one of two colours. */
  private void drawPairs(String split, int count, int seed) throws IOException {
    Files.createDirectories(folder.resolve(split + "/input"));
    Files.createDirectories(folder.resolve(split + "/target"));
    for (int n = 0; n < count; n++) {
      int horizon = 3 + (n * 7 + seed) % 10;
      byte[] labels = new byte[3 * 256];
      byte[] target = new byte[3 * 256];
      for (int i = 0; i < 256; i++) {
        boolean sky = i / 16 < horizon;
        labels[3 * i + (sky ? 2 : 0)] = (byte) 255;
        target[3 * i] = (byte) (sky ? 40 : (n + i) % 2 == 0 ? 160 : 100);
        target[3 * i + 1] = (byte) (sky ? 90 : n % 3 * 60);
        target[3 * i + 2] = (byte) (sky ? 200 : 30);
      }
      String name = "/%03d.png".formatted(n);
      Files.write(
          folder.resolve(split + "/input" + name), Png.encode(new Pixels(16, 16, 3, labels), 1));
      Files.write(
          folder.resolve(split + "/target" + name), Png.encode(new Pixels(16, 16, 3, target), 1));
    }
  }

  private ImageDataset pairs(String split) throws IOException {
    Palette palette = Palette.of("ground #ff0000", "sky #0000ff");
    return ImageDataset.open(
        folder,
        DatasetOptions.of(16, 16)
            .withSplit(split)
            .withPairing(Pairings.of(Pairing.Layout.TWINS, Pairings.labels(palette))));
  }

  @Test
  void consistency_distinguishesFollowedAndIgnoredConditions() throws IOException {
    drawPairs("train", 60, 0);
    drawPairs("val", 40, 3);
    try (ImageDataset training = pairs("train");
        ImageDataset heldOut = pairs("val")) {
      List<ImageSet> shown = new ArrayList<>();
      ImageSampler follows =
          (seed, conditions, classes) -> {
            shown.add(conditions.orElseThrow());
            return painted(conditions, /* shift= */ 0, seed);
          };
      Settings settings = new Settings(32, 2, 1, 0, 1000);
      Report good = new Evaluation(training, heldOut, follows, settings, words -> {}).run();
      assertThat(shown).hasSize(4).allMatch(c -> c.size() == 32 && c.channels() == 2);
      Report bad =
          new Evaluation(
                  training,
                  heldOut,
                  (seed, conditions, classes) -> painted(conditions, /* shift= */ 5, seed),
                  settings,
                  words -> {})
              .run();
      Metric edges = metric(good, "edges");
      assertThat(edges.model().mean()).isGreaterThan(metric(bad, "edges").model().mean() + 0.3);
      assertThat(edges.floor().mean()).isGreaterThan(edges.worst().orElseThrow().mean() + 0.3);
      Metric colours = metric(good, "segmentColours");
      assertThat(colours.model().mean()).isLessThan(metric(bad, "segmentColours").model().mean());
      assertThat(colours.worst().orElseThrow().mean()).isGreaterThan(colours.floor().mean());
      assertThat(metric(good, "twoSeeds").model().mean()).isPositive();
      assertThat(metric(good, "slicedWasserstein").baselineRatio()).isPresent();
      assertThat(good.sheet().width()).isEqualTo(3 * (2 + 6 * 18));
      assertThat(String.join("\n", good.lines())).contains("shuffled", "mean colour");
    }
  }

  /** Sky and ground where the condition of the next but {@code shift} image has them. */
  private static ImageSet painted(Optional<ImageSet> conditions, int shift, long seed) {
    ImageSet c = conditions.orElseThrow();
    ImageSet painted = new ImageSet(c.size(), 3, 16, 16, new float[c.size() * 3 * 256]);
    for (int n = 0; n < c.size(); n++) {
      for (int i = 0; i < 256; i++) {
        boolean sky = c.values()[((n + shift) % c.size() * 2 + 1) * 256 + i] > 0.5;
        int green = (int) Math.floorMod(n + seed, 3L) * 60;
        int[] rgb = sky ? new int[] {40, 90, 200} : new int[] {130, green, 30};
        for (int k = 0; k < 3; k++) {
          painted.values()[(n * 3 + k) * 256 + i] = rgb[k] / 127.5f - 1;
        }
      }
    }
    return painted;
  }
}
