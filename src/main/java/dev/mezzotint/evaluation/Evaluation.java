package dev.mezzotint.evaluation;

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
 * Measures a model's pictures against held-out ones, and training pictures against the same: the
 * floor. A model that merely gives its training pictures back reaches the floor and no more, and is
 * then told by the distance to the nearest of them. Everything follows from the seed. Used by one
 * thread; the data sets stay the caller's.
 */
public final class Evaluation {
  /** Fewer pictures say nothing about a distribution. */
  public static final int COUNT_MIN = 16;

  /** The sliced distance and the kernel's matrix stand in memory. */
  public static final int COUNT_MAX = 8192;

  private static final int CHUNK = 256; // training pictures in memory at once
  private static final double QUANTILE = 0.05;

  private final ImageDataset training;
  private final ImageDataset heldOut;
  private final ImageSampler painter;
  private final Settings settings;
  private final Consumer<String> progress;

  /**
   * How to measure.
   *
   * @param count pictures of each set
   * @param repeats with other x0, other real pictures, other patches; at least 1
   * @param classes labels that the model knows, without the one for none; 0 for a model without
   * @param trainingMax training pictures that are looked at for memorisation
   */
  public record Settings(int count, int repeats, long seed, int classes, int trainingMax) {
    public Settings {
      if (count < COUNT_MIN || count > COUNT_MAX) {
        throw new InvalidInputException(
            "--count", "--count must be from " + COUNT_MIN + " to " + COUNT_MAX + ", not " + count);
      }
      if (repeats < 1 || repeats > 100) {
        throw new InvalidInputException(
            "--repeats", "--repeats must be from 1 to 100, not " + repeats);
      }
      if (trainingMax < 1 || classes < 0) {
        throw new IllegalArgumentException(trainingMax + " pictures, " + classes + " classes");
      }
    }
  }

  /**
   * @param real held-out pictures
   * @param floor training pictures
   * @param painted the model's
   * @param again the model's for the same conditions, from other x0; empty without conditions
   */
  record Round(
      ReferenceImages real, ReferenceImages floor, ImageSet painted, Optional<ImageSet> again) {}

  /**
   * @param training pictures that the model was trained on
   * @param heldOut pictures that it was not trained on, as many as are to be compared at least
   * @param progress told what is being done, in a few words
   * @throws InvalidInputException if there are too few pictures
   */
  public Evaluation(
      ImageDataset training,
      ImageDataset heldOut,
      ImageSampler painter,
      Settings settings,
      Consumer<String> progress) {
    this.training = training;
    this.heldOut = heldOut;
    this.painter = painter;
    this.settings = settings;
    this.progress = progress;
    int least = Math.min(training.size(), heldOut.size());
    if (least < settings.count) {
      throw new InvalidInputException(
          "--count",
          "--count %d needs as many held-out and as many training pictures; there are %d and %d"
              .formatted(settings.count, heldOut.size(), training.size()));
    }
    if (Math.min(heldOut.height(), heldOut.width()) < SlicedWasserstein.PATCH) {
      throw new InvalidInputException(
          "--data",
          "pictures of %dx%d are too small: patches are %d pixels wide"
              .formatted(heldOut.width(), heldOut.height(), SlicedWasserstein.PATCH));
    }
  }

  public Report run() throws IOException {
    List<Round> rounds = new ArrayList<>();
    for (int r = 0; r < settings.repeats; r++) {
      progress.accept("repeat %d of %d: sampling".formatted(r + 1, settings.repeats));
      rounds.add(round(r));
    }
    List<Metric> figures = new ArrayList<>();
    Optional<ConditionalEvaluation> conditioned = Optional.empty();
    if (heldOut.conditionChannels() > 0) {
      progress.accept("reading training conditions");
      conditioned = Optional.of(conditioned(rounds));
    }
    progress.accept("patches");
    figures.addAll(sliced(rounds, conditioned));
    progress.accept("features");
    figures.addAll(features(rounds));
    figures.add(spectrum(rounds));
    progress.accept("nearest training pictures");
    List<Neighbours> nearest = new ArrayList<>();
    figures.addAll(memorisation(rounds, nearest));
    if (conditioned.isPresent()) {
      figures.addAll(conditioned.get().consistency(rounds));
    }
    return new Report(settings(), figures, sheet(rounds.get(0), nearest.get(0), conditioned));
  }

  private Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("count", settings.count);
    map.put("repeats", settings.repeats);
    map.put("seed", settings.seed);
    map.put("heldOutPictures", heldOut.size());
    map.put("trainingPictures", training.size());
    map.put("trainingPicturesSearched", Math.min(training.size(), settings.trainingMax));
    map.put("height", heldOut.height());
    map.put("width", heldOut.width());
    return map;
  }

  private Round round(int r) throws IOException {
    long seed = settings.seed + r;
    ReferenceImages real = ReferenceImages.read(heldOut, chosen(heldOut, seed));
    ReferenceImages floor = ReferenceImages.read(training, chosen(training, seed));
    long[] classes = classes(real);
    ImageSet painted = painter.paint(seed, real.conditions(), classes).clamped();
    Optional<ImageSet> again =
        real.conditions().isEmpty()
            ? Optional.empty()
            : Optional.of(painter.paint(~seed, real.conditions(), classes).clamped());
    return new Round(real, floor, painted, again);
  }

  private int[] chosen(ImageDataset set, long seed) {
    return IntStream.range(0, settings.count)
        .map(i -> EpochOrder.index(seed, i, set.size()))
        .toArray();
  }

  /** As the real pictures have them, or all in turn where those have none. */
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
          new SlicedWasserstein(round.real.pictures(), settings.seed + 1000L * r);
      model[r] = withMean(distance.to(round.painted));
      floor[r] = withMean(distance.to(round.floor.pictures()));
      if (conditioned.isPresent()) {
        baseline[r] = withMean(distance.to(conditioned.get().baseline().get(r)));
      }
    }
    List<Metric> figures = new ArrayList<>();
    int levels = model[0].length - 1;
    for (int i = 0; i <= levels; i++) {
      int level = i;
      String side = i == levels ? "" : (heldOut.width() >> i) + "x" + (heldOut.height() >> i);
      Metric figure =
          Metric.of(
              i == levels ? "slicedWasserstein" : "slicedWasserstein" + side,
              "patch SWD x1000, " + (i == levels ? "mean of levels" : "level " + side),
              Better.LOWER,
              column(model, level),
              column(floor, level));
      figures.add(conditioned.isPresent() ? figure.withBaseline(column(baseline, level)) : figure);
    }
    return figures;
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
      RandomFeatures space = new RandomFeatures(round.real.pictures());
      float[][] real = space.of(round.real.pictures());
      float[][] floor = space.of(round.floor.pictures());
      float[][] painted = space.of(round.painted);
      kid[r] = 1000 * FeatureDistances.kid(real, painted);
      chance[r] = 1000 * FeatureDistances.kidOfChance(real, floor, settings.seed + r);
      coverage[r] = FeatureDistances.coverage(real, painted);
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
      double[] real = Spectrum.radial(round.real.pictures());
      model[r] = Spectrum.error(real, Spectrum.radial(round.painted));
      floor[r] = Spectrum.error(real, Spectrum.radial(round.floor.pictures()));
    }
    return Metric.of("spectrum", "spectrum error, dB", Better.LOWER, model, floor);
  }

  private interface Chunks {
    void see(ReferenceImages pictures, int first);
  }

  /** All training pictures, or as many as settings allow, in parts. */
  private void overTraining(Chunks chunks) throws IOException {
    int n = Math.min(training.size(), settings.trainingMax);
    for (int from = 0; from < n; from += CHUNK) {
      int[] which =
          IntStream.range(from, Math.min(n, from + CHUNK))
              .map(
                  i ->
                      n == training.size()
                          ? i
                          : EpochOrder.index(settings.seed, i, training.size()))
              .toArray();
      chunks.see(ReferenceImages.read(training, which), from);
    }
  }

  private List<Metric> memorisation(List<Round> rounds, List<Neighbours> nearest)
      throws IOException {
    rounds.forEach(round -> nearest.add(new Neighbours(round.painted)));
    List<Neighbours> ofReal =
        rounds.stream().map(round -> new Neighbours(round.real.pictures())).toList();
    overTraining(
        (chunk, first) -> {
          nearest.forEach(search -> search.see(chunk.pictures(), chunk.which()));
          ofReal.forEach(search -> search.see(chunk.pictures(), chunk.which()));
        });
    int repeats = rounds.size();
    double[] model = new double[repeats];
    double[] floor = new double[repeats];
    double[] nearer = new double[repeats];
    double[] nearerOfReal = new double[repeats];
    for (int r = 0; r < repeats; r++) {
      double[] painted = nearest.get(r).distances();
      double[] real = ofReal.get(r).distances();
      Arrays.sort(painted);
      Arrays.sort(real);
      model[r] = painted[painted.length / 2];
      floor[r] = real[real.length / 2];
      double near = real[(int) (QUANTILE * real.length)];
      nearer[r] = Arrays.stream(painted).filter(d -> d < near).count() / (double) painted.length;
      nearerOfReal[r] = Arrays.stream(real).filter(d -> d < near).count() / (double) real.length;
    }
    return List.of(
        Metric.of(
            "nearestTraining",
            "nearest training picture, median, /255",
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
        (chunk, first) -> {
          byte[][] of = segments.of(chunk.conditions().orElseThrow());
          colours.learn(chunk.pictures(), of);
          maps.addAll(Arrays.asList(of));
          Arrays.stream(chunk.which()).forEach(numbers::add);
        });
    byte[][] all = maps.toArray(byte[][]::new);
    List<byte[][]> held = new ArrayList<>();
    List<ImageSet> second = new ArrayList<>();
    List<ImageSet> baseline = new ArrayList<>();
    for (Round round : rounds) {
      byte[][] own = segments.of(round.real.conditions().orElseThrow());
      int[] alike = Arrays.stream(Consistency.mostAlike(all, own)).map(numbers::get).toArray();
      held.add(own);
      second.add(ReferenceImages.read(training, alike).pictures());
      baseline.add(colours.paint(round.painted, own));
    }
    return new ConditionalEvaluation(held, second, baseline);
  }

  private Pixels sheet(Round round, Neighbours nearest, Optional<ConditionalEvaluation> conditioned)
      throws IOException {
    if (conditioned.isPresent()) {
      return ComparisonSheet.conditioned(
          heldOut,
          round.real.which(),
          List.of(
              round.painted,
              round.again.orElseThrow(),
              conditioned.get().second().get(0),
              conditioned.get().baseline().get(0)));
    }
    int[] which = Arrays.copyOf(nearest.nearest(), Math.min(ComparisonSheet.COUNT, settings.count));
    return ComparisonSheet.of(
        round.painted, ReferenceImages.read(training, which).pictures(), round.real.pictures());
  }
}
