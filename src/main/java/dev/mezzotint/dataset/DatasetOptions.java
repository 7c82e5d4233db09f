package dev.mezzotint.dataset;

import dev.mezzotint.json.InvalidInputException;
import java.util.Optional;

/**
 * How to read a data set.
 *
 * @param channels 3 for colour, 1 for grey
 * @param height of every image as read, 1 to 4096
 * @param width of every image as read, 1 to 4096
 * @param split top-level folder to read, such as {@code train} or {@code val}; empty reads {@code
 *     train} where the top level is nothing but splits, and everything otherwise
 * @param labels where classes come from
 * @param pairing where conditions are; empty without
 * @param cacheBytesMax decoded bytes to keep in memory; a larger set is decoded again at each read
 * @param threads that decode while a set is cached
 */
public record DatasetOptions(
    int channels,
    int height,
    int width,
    Optional<String> split,
    Labels labels,
    Optional<Pairing> pairing,
    long cacheBytesMax,
    int threads) {
  private static final int SIDE_MAX = 4096;
  private static final long CACHE_BYTES_DEFAULT = 512L << 20;

  /** Where an image's class comes from. Classes are numbered in the order of their names. */
  public enum Labels {
    NONE,
    /** The first folder of the path below the split; of IDX files, the file of labels. */
    FOLDER,
    /** The file's name up to its first '-': {@code micah-00012.png} is a {@code micah}. */
    PREFIX
  }

  public DatasetOptions {
    if (channels != 1 && channels != 3) {
      throw new InvalidInputException("channels", "channels is " + channels + ", must be 1 or 3");
    }
    if (height < 1 || height > SIDE_MAX || width < 1 || width > SIDE_MAX) {
      throw new InvalidInputException(
          "size", "size is " + width + "×" + height + ", each side must be 1 to " + SIDE_MAX);
    }
    if (cacheBytesMax < 0 || threads < 1 || threads > 64) {
      throw new IllegalArgumentException(cacheBytesMax + " bytes, " + threads + " threads");
    }
  }

  /** RGB, no classes, up to 512 MiB in memory, a decoding thread for each processor up to 4. */
  public static DatasetOptions of(int height, int width) {
    int threads = Math.min(4, Runtime.getRuntime().availableProcessors());
    return new DatasetOptions(
        3,
        height,
        width,
        Optional.empty(),
        Labels.NONE,
        Optional.empty(),
        CACHE_BYTES_DEFAULT,
        threads);
  }

  public DatasetOptions withChannels(int other) {
    return new DatasetOptions(other, height, width, split, labels, pairing, cacheBytesMax, threads);
  }

  public DatasetOptions withSplit(String other) {
    return new DatasetOptions(
        channels, height, width, Optional.of(other), labels, pairing, cacheBytesMax, threads);
  }

  public DatasetOptions withLabels(Labels other) {
    return new DatasetOptions(
        channels, height, width, split, other, pairing, cacheBytesMax, threads);
  }

  public DatasetOptions withCacheBytesMax(long other) {
    return new DatasetOptions(channels, height, width, split, labels, pairing, other, threads);
  }

  public DatasetOptions withPairing(Pairing other) {
    return new DatasetOptions(
        channels, height, width, split, labels, Optional.of(other), cacheBytesMax, threads);
  }
}
