package dev.mezzotint.cli;

import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.iadb.BlueNoise;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob.X0;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where {@code generate} begins, and at which α: noise, a density, given points, or pictures. */
final class InitialStateOptions {
  private static final int COUNT_MAX = 100_000;
  private static final int VALUES_MAX = 1 << 29; // 2 GiB of float32, the largest tensor written

  @Option(
      names = "--count",
      paramLabel = "N",
      description =
          "How many; default 1, 8 with --interpolate, 1000 points, or as in --x0, --init.")
  private @Nullable Integer count;

  @Option(names = "--seed", paramLabel = "S", description = "Of the noise; default 0.")
  private long seed;

  @Option(
      names = "--x0",
      paramLabel = "FILE[:KEY]",
      description = "Start from this noise, N x C x H x W, instead of --seed.")
  private @Nullable String x0;

  @Option(
      names = "--interpolate",
      paramLabel = "A..B",
      description = "Start from --count points on the circle from seed A's noise to seed B's.")
  private @Nullable String interpolate;

  @Option(
      names = "--init",
      paramLabel = "PICTURES",
      description =
          "Start from pictures: a file, folder, zip or FILE.safetensors:KEY; with --from-alpha"
              + " blended with noise, with --invert run backwards to their x0.")
  private @Nullable String init;

  @Option(
      names = "--from-alpha",
      paramLabel = "A",
      description = "Start at alpha A with (1 - A) noise + A picture, 0 <= A < 1.")
  private @Nullable Double fromAlpha;

  @Option(
      names = "--invert",
      description = "From the pictures of --init to the x0 that they come from.")
  private boolean invert;

  /** The noise given by --x0, whose height and width the pictures then have. */
  Optional<Tensor> given() {
    return Optional.ofNullable(x0).map(text -> TensorFile.read("--x0", text, 4));
  }

  /** α at the beginning. */
  double from() {
    return invert ? 1 : fromAlpha == null ? 0 : fromAlpha;
  }

  /** α at the end. */
  double to() {
    return invert ? 0 : 1;
  }

  boolean isInverse() {
    return invert;
  }

  private float[][] images = {};
  private @Nullable BlueNoise blue;

  /**
   * As many as there are frames; asked before {@link #points}.
   *
   * @param shared whether frames share their noise
   */
  void expect(Frames frames, boolean shared) {
    refuse(shared && (x0 != null || init != null), "--noise", "shared is for noise from a --seed");
    int n = Math.multiplyExact(frames.frames().size(), frames.variations());
    refuse(
        count != null && count != n,
        "--count",
        "is %s, but --condition holds %d pictures: give --count %d, or none"
            .formatted(count, frames.frames().size(), n));
    count = n;
  }

  private void checkTogether(ModelFiles files, boolean masked) {
    refuse(x0 != null && interpolate != null, "--interpolate", "does not go with --x0");
    refuse(init != null && x0 != null && invert, "--x0", "does not go with --invert");
    refuse(init != null && interpolate != null, "--interpolate", "does not go with --init");
    refuse(invert && init == null, "--invert", "needs --init: the pictures to be inverted");
    refuse(invert && fromAlpha != null, "--from-alpha", "does not go with --invert");
    refuse(fromAlpha != null && init == null, "--from-alpha", "needs --init: a picture to blend");
    double alpha = from();
    refuse(
        fromAlpha != null && !(alpha >= 0 && alpha < 1),
        "--from-alpha",
        "must be from 0 to below 1, not " + alpha);
    refuse(masked && init == null, "--mask", "needs --init: the picture that it is laid on");
    refuse(masked && invert, "--mask", "does not go with --invert");
    boolean pictures = files.card().p0().equals(ModelCard.IMAGES);
    refuse(masked && pictures, "--mask", "is for models that begin at noise");
    refuse(
        pictures && init == null && x0 == null,
        "--init",
        "is needed: model " + files.name() + " goes from pictures to pictures");
    refuse(
        pictures && fromAlpha != null,
        "--from-alpha",
        "is for models that begin at noise; this one begins at the picture itself");
    refuse(
        !pictures && init != null && !invert && fromAlpha == null && !masked,
        "--init",
        "needs --from-alpha: how much of the picture is there at the start");
  }

  private static void refuse(boolean wrong, String option, String what) {
    if (wrong) {
      throw new InvalidInputException(option, option + " " + what);
    }
  }

  /**
   * The starting point of every row, in order.
   *
   * @param masked whether the pictures of --init are to be painted anew in part
   */
  List<X0> points(ModelInfo info, ModelFiles files, Optional<Tensor> given, boolean masked) {
    checkTogether(files, masked);
    boolean isBlue = files.card().p0().equals(ModelCard.BLUE_NOISE);
    blue = isBlue ? new BlueNoise(info.height(), info.width()) : null;
    List<X0> points;
    if (init != null) {
      images = LocalImages.read("--init", init, info);
      points = fromPictures(info, masked);
    } else if (given.isPresent()) {
      points = fromTensor(given.get(), info);
    } else if (interpolate != null) {
      points = interpolated(interpolate, info);
    } else if (blue != null) {
      points = seededBlue(info, checked(1));
    } else if (!files.card().p0().equals(ModelCard.GAUSSIAN)) {
      points = fromDensity(density(files), info);
    } else {
      points = seeded(info, checked(1));
    }
    return points;
  }

  /** The number of --count, within bounds. */
  private int checked(int otherwise) {
    int n = count == null ? otherwise : count;
    if (n < 1 || n > COUNT_MAX) {
      throw new InvalidInputException(
          "--count", "--count must be from 1 to " + COUNT_MAX + ", not " + n);
    }
    return n;
  }

  private List<X0> seeded(ModelInfo info, int n) {
    checkSize(info, n);
    List<X0> points = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      points.add(new X0.Seeded(seed, i));
    }
    return points;
  }

  private List<X0> seededBlue(ModelInfo info, int n) {
    checkSize(info, n);
    List<X0> points = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      points.add(new X0.Given(noise(i, info)));
    }
    return points;
  }

  private List<X0> fromTensor(Tensor noise, ModelInfo info) {
    long[] shape = noise.shape();
    if (shape[1] != info.channels()) {
      throw new InvalidInputException(
          "--x0", "--x0 has " + shape[1] + " channels, the model makes " + info.channels());
    }
    if (count != null && count != shape[0]) {
      throw new InvalidInputException(
          "--count", "--count is " + count + ", but --x0 has " + shape[0] + " rows");
    }
    if (shape[0] < 1 || shape[0] > COUNT_MAX) {
      throw new InvalidInputException(
          "--x0", "--x0 rows must be from 1 to " + COUNT_MAX + ", not " + shape[0]);
    }
    checkSize(info, shape[0]);
    float[] values = noise.toFloats();
    int length = values(info);
    List<X0> points = new ArrayList<>();
    for (int i = 0; i < shape[0]; i++) {
      points.add(new X0.Given(Arrays.copyOfRange(values, i * length, (i + 1) * length)));
    }
    return points;
  }

  private List<X0> interpolated(String text, ModelInfo info) {
    String[] ends = text.split("\\.\\.", -1);
    long a;
    long b;
    try {
      if (ends.length != 2) {
        throw new NumberFormatException();
      }
      a = Long.parseLong(ends[0]);
      b = Long.parseLong(ends[1]);
    } catch (NumberFormatException e) {
      throw new InvalidInputException(
          "--interpolate", "--interpolate must be two seeds such as 3..7, not " + text, e);
    }
    int n = checked(8);
    checkSize(info, n);
    int length = values(info);
    float[] first = new float[length];
    float[] last = new float[length];
    Noise.gaussian(a, 0, first, 0, length);
    Noise.gaussian(b, 0, last, 0, length);
    if (blue != null) {
      blue.colour(first, 0, info.channels());
      blue.colour(last, 0, info.channels());
    }
    List<X0> points = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      float[] point = new float[length];
      Noise.slerp(first, last, n == 1 ? 0 : i / (n - 1.0), point);
      points.add(new X0.Given(point));
    }
    return points;
  }

  private List<X0> fromDensity(Density density, ModelInfo info) {
    int n = checked(1000);
    checkSize(info, n);
    double[] drawn = new double[density.dimensions()];
    List<X0> points = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      density.draw(new RandomStream(seed, i), drawn);
      float[] point = new float[drawn.length];
      for (int k = 0; k < point.length; k++) {
        point[k] = (float) drawn[k];
      }
      points.add(new X0.Given(point));
    }
    return points;
  }

  private static Density density(ModelFiles files) {
    String word = files.card().p0();
    return word.equals(ModelCard.DRAWN)
        ? GreyImage.read(files.weights().resolveSibling("p0.png"))
        : Density.parse(word);
  }

  /** One row per picture; one picture may be the start of many rows with noise of their own. */
  private List<X0> fromPictures(ModelInfo info, boolean masked) {
    int n = checked(images.length);
    boolean noisy = fromAlpha != null || masked;
    if (n != images.length && (images.length != 1 || !noisy)) {
      throw new InvalidInputException(
          "--count", "--count is " + n + ", but --init has " + images.length + " pictures");
    }
    checkSize(info, n);
    List<X0> points = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      float[] point = image(i).clone();
      if (noisy) {
        Iadb.blend(noise(i, info), image(i), from(), point);
      }
      points.add(new X0.Given(point));
    }
    return points;
  }

  /** The picture of --init that row i belongs to. */
  float[] image(int i) {
    return images[images.length == 1 ? 0 : i];
  }

  /** The noise of row i. */
  float[] noise(int i, ModelInfo info) {
    float[] noise = new float[values(info)];
    Noise.gaussian(seed, i, noise, 0, noise.length);
    if (blue != null) {
      blue.colour(noise, 0, info.channels());
    }
    return noise;
  }

  long seed() {
    return seed;
  }

  private static int values(ModelInfo info) {
    return info.channels() * info.height() * info.width();
  }

  /** All pictures stand in memory at the end, and in one tensor. */
  private static void checkSize(ModelInfo info, long n) {
    long widest = Math.max(info.channels(), info.conditionChannels());
    if (n * widest * info.height() * info.width() > VALUES_MAX) {
      throw new InvalidInputException(
          "--count",
          "--count: %d pictures of %dx%d are too many for one tensor: ask for fewer"
              .formatted(n, info.width(), info.height()));
    }
  }
}
