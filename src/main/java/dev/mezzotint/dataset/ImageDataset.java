package dev.mezzotint.dataset;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Images of one size with their names and classes, in an order that depends on the names alone.
 * Implementations are safe for use by several threads.
 */
public interface ImageDataset extends AutoCloseable {
  /** Number of images, at least 1. */
  int size();

  int channels();

  int height();

  int width();

  /** Channels of each image's condition as the network sees it; 0 in a set without conditions. */
  default int conditionChannels() {
    return 0;
  }

  /** The path of image i within the folder or zip, with '/' between its parts. */
  String name(int i);

  /** The class of image i, an index into {@link #classes}; empty in a set without classes. */
  OptionalInt label(int i);

  /** Names of the classes in the order of their numbers; empty in a set without classes. */
  List<String> classes();

  /**
   * Writes image i to {@code out[offset …]} as channels × height × width floats in [−1, 1].
   *
   * @throws IOException if the file cannot be read now though it could before
   */
  void read(int i, float[] out, int offset) throws IOException;

  /**
   * As above, and its condition as conditionChannels × height × width: a picture in [−1, 1], or of
   * a label map 1 for the pixel's class and 0 for the others.
   *
   * @param condition not touched in a set without conditions
   */
  default void read(int i, float[] out, int offset, float[] condition, int conditionOffset)
      throws IOException {
    read(i, out, offset);
  }

  /** Image i as a new array of channels × height × width floats in [−1, 1]. */
  default float[] chw(int i) throws IOException {
    float[] out = new float[channels() * height() * width()];
    read(i, out, 0);
    return out;
  }

  /** Files left out because they could not be decoded so far, as "name reason". */
  List<String> broken();

  /** Closes the zip, if there is one. */
  @Override
  void close() throws IOException;

  /**
   * Opens a folder (read with all its subfolders) or a zip of PNG and JPEG files, or of the IDX
   * files of the MNIST family. Names that begin with a dot or lie in {@code __MACOSX} are passed
   * over, and so are files of other kinds. Links to folders are not followed.
   *
   * <p>Every image is scaled to cover the wanted size and cropped at the centre. A set that fits
   * into {@link DatasetOptions#cacheBytesMax} is decoded here and now.
   *
   * @return the caller closes it
   * @throws InvalidInputException if there is nothing to read, the split or a class cannot be
   *     found, or more than half of the files are broken
   */
  static ImageDataset open(Path path, DatasetOptions options) throws IOException {
    FileSource source = FileSource.open(path);
    try {
      Optional<String> idx = Idx.images(source.names(), options.split());
      if (idx.isPresent()) {
        return Idx.load(source, path.toString(), idx.get(), options);
      }
      Listing listing = Listing.of(path.toString(), source.names(), options);
      long planes = options.channels() + options.pairing().map(p -> 3).orElse(0);
      long bytes = listing.size() * planes * options.height() * options.width();
      return bytes <= options.cacheBytesMax()
          ? CachedDataset.load(source, listing, options)
          : new DecodingDataset(source, listing, options);
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
  }
}
