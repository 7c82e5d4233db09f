package dev.mezzotint.dataset;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.json.InvalidInputException;
import java.util.Optional;

/**
 * How to read a data set.
 *
 * @param channels 3 for colour, 1 for grey
 * @param height of every image as read, 1 to 4096
 * @param width of every image as read, 1 to 4096
 * @param files kind of files that the set consists of
 * @param split folder to read, such as {@code train}, at the top level or, in the layout twins, in
 *     the folder of the images; empty reads {@code train} where the top level has splits only, and
 *     everything otherwise
 * @param labels where classes come from
 * @param pairing where conditions are; empty without conditions
 * @param brokenMax share of the files that may be broken, 0 to 1; beyond it the set is refused
 * @param randomCrop whether images keep their own size, at least the wanted one, so that each read
 *     can take another part of them, see {@link Crop}; otherwise they are scaled to the wanted size
 * @param cacheBytesMax decoded bytes to keep in memory; a larger set is decoded at each read
 * @param threads that decode a set to be cached
 */
public record DatasetOptions(
    int channels,
    int height,
    int width,
    Kind files,
    Optional<String> split,
    Labels labels,
    Optional<Pairing> pairing,
    double brokenMax,
    boolean randomCrop,
    long cacheBytesMax,
    int threads) {
  /** Default share of broken files that is tolerated. */
  public static final double BROKEN_MAX_DEFAULT = 0.05;

  private static final int SIDE_MAX = 4096;
  private static final long CACHE_BYTES_DEFAULT = 512L << 20;

  /** Kinds of files. */
  public enum Kind {
    /** IDX files where there are any, image files otherwise. */
    ANY,
    /** PNG, JPEG and WebP files, each an image or a pair. */
    IMAGES,
    /** Files of the MNIST family: one with all images and one with all labels. */
    IDX
  }

  /** Where an image's class comes from. Classes are numbered in the order of their names. */
  public enum Labels {
    NONE,
    /** The first folder of the path below the split. */
    FOLDER,
    /** The file's name up to its first '-': {@code micah-00012.png} has class {@code micah}. */
    PREFIX,
    /** The IDX file of labels. */
    FILE
  }

  public DatasetOptions {
    refuseIf(channels != 1 && channels != 3, "channels", "is %s, must be 1 or 3", channels);
    if (height < 1 || height > SIDE_MAX || width < 1 || width > SIDE_MAX) {
      throw InvalidInputException.of(
          "size", "is %s×%s, each side must be 1 to %s", width, height, SIDE_MAX);
    }
    if (!(brokenMax >= 0 && brokenMax <= 1)) {
      throw InvalidInputException.of("brokenMax", "is %s, must be a share from 0 to 1", brokenMax);
    }
    refuseIf(files == Kind.IDX && pairing.isPresent(), "condition", "is not for IDX files");
    refuseIf(files == Kind.IDX && randomCrop, "crop", "must be centre for IDX files");
    if (cacheBytesMax < 0 || threads < 1 || threads > 64) {
      throw new IllegalArgumentException(cacheBytesMax + " bytes, " + threads + " threads");
    }
  }

  /** RGB, no classes, up to 512 MiB in memory, a decoding thread for each processor up to 8. */
  public static DatasetOptions of(int height, int width) {
    return new DatasetOptions(
        3,
        height,
        width,
        Kind.ANY,
        Optional.empty(),
        Labels.NONE,
        Optional.empty(),
        BROKEN_MAX_DEFAULT,
        /* randomCrop= */ false,
        CACHE_BYTES_DEFAULT,
        Math.min(8, Runtime.getRuntime().availableProcessors()));
  }

  public DatasetOptions withChannels(int other) {
    return with(other, files, split, labels, pairing, brokenMax, cacheBytesMax);
  }

  public DatasetOptions withFiles(Kind other) {
    return with(channels, other, split, labels, pairing, brokenMax, cacheBytesMax);
  }

  public DatasetOptions withSplit(String other) {
    return with(channels, files, Optional.of(other), labels, pairing, brokenMax, cacheBytesMax);
  }

  public DatasetOptions withLabels(Labels other) {
    return with(channels, files, split, other, pairing, brokenMax, cacheBytesMax);
  }

  public DatasetOptions withPairing(Pairing other) {
    return with(channels, files, split, labels, Optional.of(other), brokenMax, cacheBytesMax);
  }

  public DatasetOptions withBrokenMax(double other) {
    return with(channels, files, split, labels, pairing, other, cacheBytesMax);
  }

  public DatasetOptions withCacheBytesMax(long other) {
    return with(channels, files, split, labels, pairing, brokenMax, other);
  }

  public DatasetOptions withRandomCrop(boolean other) {
    return new DatasetOptions(
        channels,
        height,
        width,
        files,
        split,
        labels,
        pairing,
        brokenMax,
        other,
        cacheBytesMax,
        threads);
  }

  private DatasetOptions with(
      int newChannels,
      Kind newFiles,
      Optional<String> newSplit,
      Labels newLabels,
      Optional<Pairing> newPairing,
      double newBrokenMax,
      long newCacheBytesMax) {
    return new DatasetOptions(
        newChannels,
        height,
        width,
        newFiles,
        newSplit,
        newLabels,
        newPairing,
        newBrokenMax,
        randomCrop,
        newCacheBytesMax,
        threads);
  }

  long sampleBytes() {
    int planes =
        channels
            + pairing
                .map(p -> p.conditions().stream().mapToInt(Condition::bytesPerPixel).sum())
                .orElse(0);
    return (long) planes * height * width;
  }
}
