package dev.mezzotint.evaluation;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.dataset.EpochOrder;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.evaluation.Metric.Better;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Compares a model's images with held-out ones, and training images with the same: the floor. A
 * model that returns its training images reaches the floor, but is detected by the distance to the
 * nearest training image. Deterministic for a seed. Used by one thread; the caller closes the data
 * sets.
 */
public final class Evaluation {
  /** Fewer images do not represent a distribution. */
  public static final int COUNT_MIN = 16;

  /** The patches and the kernel matrix are in memory. */
  public static final int COUNT_MAX = 8192;

  private static final int CHUNK = 256; // training images in memory at once
  private static final double QUANTILE = 0.05;

  private final ImageDataset training;
  private final ImageDataset heldOut;
  private final ImageSampler sampler;
  private final Settings settings;
  private final Consumer<String> progress;

  /**
   * Settings of the measurement.
   *
   * @param count images of each set
   * @param repeats with different x0, real images and patches; at least 1
   * @param classes class labels without the null class; 0 for a model without classes
   * @param trainingMax training images to search for copies
   */
  public record Settings(int count, int repeats, long seed, int classes, int trainingMax) {
    public Settings {
      if (count < COUNT_MIN || count > COUNT_MAX) {
        throw new InvalidInputException(
            "--count", "--count must be from " + COUNT_MIN + " to " + COUNT_MAX + ", not " + count);
      }
      refuseIf(repeats < 1 || repeats > 100, "--repeats", "must be from 1 to 100, not %s", repeats);
      if (trainingMax < 1 || classes < 0) {
        throw new IllegalArgumentException(trainingMax + " images, " + classes + " classes");
      }
    }
  }

  /**
   * @param real held-out images
   * @param floor training images
   * @param generated the model's images
   * @param regenerated the model's images for the same conditions from other x0; empty without
   *     conditions
   */
  record Round(
      ReferenceImages real,
      ReferenceImages floor,
      ImageSet generated,
      Optional<ImageSet> regenerated) {}

  /**
   * @param training images that the model was trained on
   * @param heldOut images that it was not trained on
   * @param progress accepts the name of each phase
   * @throws InvalidInputException if there are too few images
   */
  public Evaluation(
      ImageDataset training,
      ImageDataset heldOut,
      ImageSampler sampler,
      Settings settings,
      Consumer<String> progress) {
    this.training = training;
    this.heldOut = heldOut;
    this.sampler = sampler;
    this.settings = settings;
    this.progress = progress;
    int available = Math.min(training.size(), heldOut.size());
    if (available < settings.count) {
      throw new InvalidInputException(
          "--count",
          "--count %s needs as many held-out and as many training images; there are %s and %s"
              .formatted(settings.count, heldOut.size(), training.size()));
    }
    if (Math.min(heldOut.height(), heldOut.width()) < SlicedWasserstein.PATCH) {
      throw new InvalidInputException(
          "--data",
          "images of %sx%s are too small: patches are %s pixels wide"
              .formatted(heldOut.width(), heldOut.height(), SlicedWasserstein.PATCH));
    }
  }

  public Report run() throws IOException {
    List<Round> rounds = rounds(/* again= */ heldOut.conditionChannels() > 0);
    List<Metric> metrics = new ArrayList<>();
    Optional<ConditionalEvaluation> conditioned = Optional.empty();
    if (heldOut.conditionChannels() > 0) {
      progress.accept("reading training conditions");
      conditioned = Optional.of(conditioned(rounds));
    }
    progress.accept("patches");
    metrics.addAll(sliced(rounds, conditioned));
    progress.accept("features");
    metrics.addAll(features(rounds));
    metrics.add(spectrum(rounds));
    progress.accept("nearest training images");
    List<Neighbours> nearest = new ArrayList<>();
    metrics.addAll(memorisation(rounds, nearest));
    if (conditioned.isPresent()) {
      metrics.addAll(conditioned.get().consistency(rounds));
    }
    return new Report(settings(), metrics, sheet(rounds.get(0), nearest.get(0), conditioned));
  }

  /** The patch distances alone, of each level and their mean, in less time than {@link #run}. */
  public List<Metric> patchDistances() throws IOException {
    return sliced(rounds(/* again= */ false), Optional.empty());
  }

  private List<Round> rounds(boolean again) throws IOException {
    List<Round> rounds = new ArrayList<>();
    for (int r = 0; r < settings.repeats; r++) {
      progress.accept("repeat %s of %s: sampling".formatted(r + 1, settings.repeats));
      rounds.add(round(r, again));
    }
    return rounds;
  }

  private Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("count", settings.count);
    map.put("repeats", settings.repeats);
    map.put("seed", settings.seed);
    map.put("heldOutImages", heldOut.size());
    map.put("trainingImages", training.size());
    map.put("trainingImagesSearched", Math.min(training.size(), settings.trainingMax));
    map.put("height", heldOut.height());
    map.put("width", heldOut.width());
    return map;
  }

  private Round round(int r, boolean again) throws IOException {
    long seed = settings.seed + r;
    ReferenceImages real = ReferenceImages.read(heldOut, chosen(heldOut, seed));
    ReferenceImages floor = ReferenceImages.read(training, chosen(training, seed));
    long[] classes = classes(real);
    ImageSet generated = sampler.sample(seed, real.conditions(), classes).clamped();
    Optional<ImageSet> regenerated =
        again
            ? Optional.of(sampler.sample(~seed, real.conditions(), classes).clamped())
            : Optional.empty();
    return new Round(real, floor, generated, regenerated);
  }

  private int[] chosen(ImageDataset set, long seed) {
    return IntStream.range(0, settings.count)
        .map(i -> EpochOrder.index(seed, i, set.size()))
        .toArray();
  }

  /** The labels of the real images, or all classes in turn if these have none. */
  private long[] classes(ReferenceImages real) {
    long[] classes = new long[settings.count];
    if (settings.classes > 0) {
      Arrays.setAll(
          classes, i -> heldOut.classes().isEmpty() ? i % settings.classes : real.labels()[i]);
    }
    return classes;
  }

  private List<Metric> sliced(List<Round> rounds, Optional<ConditionalEvaluation> conditioned) {
    int repeats = rounds.size();
    double[][] model = new double[repeats][];
    double[][] floor = new double[repeats][];
    double[][] baseline = new double[repeats][];
    for (int r = 0; r < repeats; r++) {
      Round round = rounds.get(r);
      SlicedWasserstein distance =
          new SlicedWasserstein(round.real.images(), settings.seed + 1000L * r);
      model[r] = withMean(distance.to(round.generated));
      floor[r] = withMean(distance.to(round.floor.images()));
      if (conditioned.isPresent()) {
        baseline[r] = withMean(distance.to(conditioned.get().baseline().get(r)));
      }
    }
    List<Metric> metrics = new ArrayList<>();
    int levels = model[0].length - 1;
    for (int i = 0; i <= levels; i++) {
      int level = i;
      String side = i == levels ? "" : (heldOut.width() >> i) + "x" + (heldOut.height() >> i);
      Metric metric =
          Metric.of(
              i == levels ? "slicedWasserstein" : "slicedWasserstein" + side,
              "patch SWD x1000, " + (i == levels ? "mean of levels" : "level " + side),
              Better.LOWER,
              column(model, level),
              column(floor, level));
      metrics.add(conditioned.isPresent() ? metric.withBaseline(column(baseline, level)) : metric);
    }
    return metrics;
  }

  private static double[] column(double[][] table, int i) {
    return Arrays.stream(table).mapToDouble(row -> row[i]).toArray();
  }

  private static double[] withMean(double[] levels) {
    double[] more = Arrays.copyOf(levels, levels.length + 1);
    more[levels.length] = Arrays.stream(levels).average().orElse(0);
    return more;
  }

  private List<Metric> features(List<Round> rounds) {
    int repeats = rounds.size();
    double[] kid = new double[repeats];
    double[] chance = new double[repeats];
    double[] coverage = new double[repeats];
    double[] coverageOfReal = new double[repeats];
    for (int r = 0; r < repeats; r++) {
      Round round = rounds.get(r);
      RandomFeatures space = new RandomFeatures(round.real.images());
      float[][] real = space.of(round.real.images());
      float[][] floor = space.of(round.floor.images());
      float[][] generated = space.of(round.generated);
      kid[r] = 1000 * FeatureDistances.kid(real, generated);
      chance[r] = 1000 * FeatureDistances.kidNoiseFloor(real, floor, settings.seed + r);
      coverage[r] = FeatureDistances.coverage(real, generated);
      coverageOfReal[r] = FeatureDistances.coverage(real, floor);
    }
    return List.of(
        Metric.of("kid", "KID x1000, random features", Better.LOWER, kid, chance),
        Metric.of(
            "coverage", "coverage, random features", Better.HIGHER, coverage, coverageOfReal));
  }

  private static Metric spectrum(List<Round> rounds) {
    double[] model = new double[rounds.size()];
    double[] floor = new double[rounds.size()];
    for (int r = 0; r < model.length; r++) {
      Round round = rounds.get(r);
      double[] real = Spectrum.radial(round.real.images());
      model[r] = Spectrum.error(real, Spectrum.radial(round.generated));
      floor[r] = Spectrum.error(real, Spectrum.radial(round.floor.images()));
    }
    return Metric.of("spectrum", "spectrum error, dB", Better.LOWER, model, floor);
  }

  private interface Chunks {
    void visit(ReferenceImages images);
  }

  /** Visits the training images in chunks, up to the limit of the settings. */
  private void overTraining(Chunks chunks) throws IOException {
    int n = Math.min(training.size(), settings.trainingMax);
    for (int from = 0; from < n; from += CHUNK) {
      int[] indices =
          IntStream.range(from, Math.min(n, from + CHUNK))
              .map(
                  i ->
                      n == training.size()
                          ? i
                          : EpochOrder.index(settings.seed, i, training.size()))
              .toArray();
      chunks.visit(ReferenceImages.read(training, indices));
    }
  }

  private List<Metric> memorisation(List<Round> rounds, List<Neighbours> nearest)
      throws IOException {
    rounds.forEach(round -> nearest.add(new Neighbours(round.generated)));
    List<Neighbours> ofReal =
        rounds.stream().map(round -> new Neighbours(round.real.images())).toList();
    overTraining(
        chunk -> {
          nearest.forEach(search -> search.add(chunk.images(), chunk.indices()));
          ofReal.forEach(search -> search.add(chunk.images(), chunk.indices()));
        });
    int repeats = rounds.size();
    double[] model = new double[repeats];
    double[] floor = new double[repeats];
    double[] nearer = new double[repeats];
    double[] nearerOfReal = new double[repeats];
    for (int r = 0; r < repeats; r++) {
      double[] generated = nearest.get(r).distances();
      double[] real = ofReal.get(r).distances();
      Arrays.sort(generated);
      Arrays.sort(real);
      model[r] = generated[generated.length / 2];
      floor[r] = real[real.length / 2];
      double near = real[(int) (QUANTILE * real.length)];
      nearer[r] =
          Arrays.stream(generated).filter(d -> d < near).count() / (double) generated.length;
      nearerOfReal[r] = Arrays.stream(real).filter(d -> d < near).count() / (double) real.length;
    }
    return List.of(
        Metric.of(
            "nearestTraining",
            "nearest training image, median, /255",
            Better.AS_FLOOR,
            model,
            floor),
        Metric.of(
            "nearCopies",
            "share nearer than the nearest 5% of real",
            Better.AS_FLOOR,
            nearer,
            nearerOfReal));
  }

  private ConditionalEvaluation conditioned(List<Round> rounds) throws IOException {
    ImageSet examples = rounds.get(0).floor.conditions().orElseThrow();
    Segments segments = Segments.of(training.conditions(), examples, settings.seed);
    SegmentColours colours = new SegmentColours(segments.count(), training.channels());
    List<byte[]> maps = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    overTraining(
        chunk -> {
          byte[][] map = segments.map(chunk.conditions().orElseThrow());
          colours.add(chunk.images(), map);
          maps.addAll(Arrays.asList(map));
          Arrays.stream(chunk.indices()).forEach(numbers::add);
        });
    byte[][] all = maps.toArray(byte[][]::new);
    List<byte[][]> held = new ArrayList<>();
    List<ImageSet> second = new ArrayList<>();
    List<ImageSet> baseline = new ArrayList<>();
    for (Round round : rounds) {
      byte[][] own = segments.map(round.real.conditions().orElseThrow());
      int[] alike = Arrays.stream(Consistency.mostSimilar(all, own)).map(numbers::get).toArray();
      held.add(own);
      second.add(ReferenceImages.read(training, alike).images());
      baseline.add(colours.render(round.generated, own));
    }
    return new ConditionalEvaluation(held, second, baseline);
  }

  private Pixels sheet(Round round, Neighbours nearest, Optional<ConditionalEvaluation> conditioned)
      throws IOException {
    if (conditioned.isPresent()) {
      return ComparisonSheet.conditioned(
          heldOut,
          round.real.indices(),
          List.of(
              round.generated,
              round.regenerated.orElseThrow(),
              conditioned.get().second().get(0),
              conditioned.get().baseline().get(0)));
    }
    int[] indices =
        Arrays.copyOf(nearest.nearest(), Math.min(ComparisonSheet.COUNT, settings.count));
    return ComparisonSheet.of(
        round.generated, ReferenceImages.read(training, indices).images(), round.real.images());
  }
}
