package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.generation.ImageSettings;
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
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of {@code generate} for the starting points: noise, a density, a tensor, or images. */
final class InitialStateOptions {
  private static final int COUNT_MAX = 100_000;
  private static final int VALUES_MAX = 1 << 29; // 2 GiB of float32, the largest tensor written

  @Option(
      names = "--count",
      paramLabel = "N",
      description =
          "Number of images; default 1, 8 with --interpolate, 1000 points, or as in --x0, --init.")
  private @Nullable Integer count;

  @Option(names = "--seed", paramLabel = "S", description = "Seed of the noise; default 0.")
  private @Nullable Long seed;

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
      paramLabel = "IMAGES",
      description =
          "Start from images: a file, folder, zip or FILE.safetensors:KEY; with --from-alpha"
              + " blended with noise, with --invert integrated backwards to their x0.")
  private @Nullable String init;

  @Option(
      names = "--from-alpha",
      paramLabel = "A",
      description = "Start at alpha A with (1 - A) noise + A image, 0 <= A < 1.")
  private @Nullable Double fromAlpha;

  @Option(names = "--invert", description = "Compute the x0 that leads to each image of --init.")
  private boolean invert;

  /** The noise of --x0, whose height and width the images then have. */
  Optional<Tensor> given() {
    return Optional.ofNullable(x0).map(text -> TensorFile.read("--x0", text, 4));
  }

  /** α at the start. */
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

  private int first; // index of the first row's noise within the seed's stream
  private float[][] images = {};
  private @Nullable BlueNoise blue;

  /**
   * Takes the noise of an image, unless another start is given.
   *
   * @throws InvalidInputException if the image did not start from a seed
   */
  void take(ImageSettings image) {
    if (seed != null || x0 != null || interpolate != null || invert) {
      return;
    }
    refuseIf(image.seed().isEmpty(), "--from", "is for images that were made from a seed");
    seed = image.seed().getAsLong();
    first = image.index();
  }

  /** Seed of the rows' noise; empty where they start from something else. */
  OptionalLong seedOfRows() {
    return x0 != null || interpolate != null || invert
        ? OptionalLong.empty()
        : OptionalLong.of(seed());
  }

  /** Index of a row's noise within the seed's stream. */
  int noiseIndex(int row) {
    return first + row;
  }

  boolean hasInit() {
    return init != null;
  }

  /**
   * Sets the count to that of the frames; called before {@link #points}.
   *
   * @param shared whether frames share their noise
   */
  void expect(Frames frames, boolean shared) {
    refuseIf(
        shared && (x0 != null || init != null), "--noise", "shared is for noise from a --seed");
    int n = Math.multiplyExact(frames.frames().size(), frames.variations());
    refuseIf(
        count != null && count != n,
        "--count",
        "is %s, but --condition holds %d images: give --count %d, or none",
        count,
        frames.frames().size(),
        n);
    count = n;
  }

  private void checkTogether(ModelFiles files, boolean masked) {
    refuseIf(x0 != null && interpolate != null, "--interpolate", "does not go with --x0");
    refuseIf(init != null && x0 != null && invert, "--x0", "does not go with --invert");
    refuseIf(init != null && interpolate != null, "--interpolate", "does not go with --init");
    refuseIf(invert && init == null, "--invert", "needs --init: the images to be inverted");
    refuseIf(invert && fromAlpha != null, "--from-alpha", "does not go with --invert");
    refuseIf(fromAlpha != null && init == null, "--from-alpha", "needs --init: an image to blend");
    double alpha = from();
    refuseIf(
        fromAlpha != null && !(alpha >= 0 && alpha < 1),
        "--from-alpha",
        "must be from 0 to below 1, not %s",
        alpha);
    refuseIf(masked && init == null, "--mask", "needs --init: the image that it is applied to");
    refuseIf(masked && invert, "--mask", "does not go with --invert");
    boolean fromImages = files.card().p0().equals(ModelCard.IMAGES);
    refuseIf(masked && fromImages, "--mask", "is for models that start from noise");
    refuseIf(
        fromImages && init == null && x0 == null,
        "--init",
        "is needed: model %s goes from images to images",
        files.name());
    refuseIf(
        fromImages && fromAlpha != null,
        "--from-alpha",
        "is for models that start from noise; this one starts from the image itself");
    refuseIf(
        !fromImages && init != null && !invert && fromAlpha == null && !masked,
        "--init",
        "needs --from-alpha: the share of the image at the start");
  }

  /**
   * The starting point of every row, in order.
   *
   * @param masked whether the images of --init are to be repainted in part
   */
  List<X0> points(ModelInfo info, ModelFiles files, Optional<Tensor> given, boolean masked) {
    checkTogether(files, masked);
    boolean isBlue = files.card().p0().equals(ModelCard.BLUE_NOISE);
    refuseIf(
        info.canvas().isPresent()
            && !Set.of(ModelCard.GAUSSIAN, ModelCard.IMAGES).contains(files.card().p0()),
        "--canvas",
        "is for models that start from Gaussian noise or from images");
    blue = isBlue ? new BlueNoise(info.height(), info.width()) : null;
    if (init != null) {
      images = LocalImages.read("--init", init, info);
      return startFromImages(info, masked);
    }
    if (given.isPresent()) {
      return fromTensor(given.get(), info);
    }
    if (interpolate != null) {
      return interpolated(interpolate, info);
    }
    if (blue != null) {
      return rows(info, checked(1), i -> new X0.Given(noise(i, info)));
    }
    if (!files.card().p0().equals(ModelCard.GAUSSIAN)) {
      return fromDensity(density(files), info);
    }
    return rows(info, checked(1), i -> X0.noise(info, seed(), noiseIndex(i)));
  }

  private int checked(int otherwise) {
    int n = count == null ? otherwise : count;
    refuseIf(n < 1 || n > COUNT_MAX, "--count", "must be from 1 to %s, not %s", COUNT_MAX, n);
    return n;
  }

  private static List<X0> rows(ModelInfo info, int n, IntFunction<X0> point) {
    checkSize(info, n);
    return IntStream.range(0, n).mapToObj(point).toList();
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
    return Arrays.stream(TensorFile.rows(noise)).<X0>map(X0.Given::new).toList();
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
    float[] first = X0.noise(info, a, 0).toFloats(info);
    float[] last = X0.noise(info, b, 0).toFloats(info);
    if (blue != null) {
      blue.colour(first, 0, info.channels());
      blue.colour(last, 0, info.channels());
    }
    return rows(
        info,
        n,
        i -> {
          float[] point = new float[first.length];
          Noise.slerp(first, last, n == 1 ? 0 : i / (n - 1.0), point);
          return new X0.Given(point);
        });
  }

  private List<X0> fromDensity(Density density, ModelInfo info) {
    double[] drawn = new double[density.dimensions()];
    return rows(
        info,
        checked(1000),
        i -> {
          density.draw(new RandomStream(seed(), noiseIndex(i)), drawn);
          float[] point = new float[drawn.length];
          for (int k = 0; k < point.length; k++) {
            point[k] = (float) drawn[k];
          }
          return new X0.Given(point);
        });
  }

  private static Density density(ModelFiles files) {
    String word = files.card().p0();
    return word.equals(ModelCard.DRAWN)
        ? GreyImage.read(files.weights().resolveSibling("p0.png"))
        : Density.parse(word);
  }

  /** One row per image, or several rows with noise of their own for one image. */
  private List<X0> startFromImages(ModelInfo info, boolean masked) {
    int n = checked(images.length);
    boolean noisy = fromAlpha != null || masked;
    if (n != images.length && (images.length != 1 || !noisy)) {
      throw new InvalidInputException(
          "--count", "--count is " + n + ", but --init has " + images.length + " images");
    }
    return rows(
        info,
        n,
        i -> {
          float[] point = image(i).clone();
          if (noisy) {
            Iadb.blend(noise(i, info), image(i), from(), point);
          }
          return new X0.Given(point);
        });
  }

  /** The image of --init for row i. */
  float[] image(int i) {
    return images[images.length == 1 ? 0 : i];
  }

  float[] noise(int i, ModelInfo info) {
    float[] noise = X0.noise(info, seed(), noiseIndex(i)).toFloats(info);
    if (blue != null) {
      blue.colour(noise, 0, info.channels());
    }
    return noise;
  }

  long seed() {
    return seed == null ? 0 : seed;
  }

  /** All images are in memory at the end, and in one tensor. */
  private static void checkSize(ModelInfo info, long n) {
    long widest = Math.max(info.channels(), info.conditionChannels());
    if (n * widest * info.height() * info.width() > VALUES_MAX) {
      throw new InvalidInputException(
          "--count",
          String.format(
              Locale.ROOT,
              "--count: %d images of %dx%d are too many for one tensor",
              n,
              info.width(),
              info.height()));
    }
  }
}
