package dev.mezzotint.dataset;

import dev.mezzotint.dataset.DatasetOptions.Kind;
import dev.mezzotint.image.Pixels;
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

  /** Conditions of each image, in the order of the network's channels; empty without. */
  default List<Condition> conditions() {
    return List.of();
  }

  /** Channels of all conditions in the network's input; 0 without conditions. */
  default int conditionChannels() {
    return conditions().stream().mapToInt(Condition::channels).sum();
  }

  /** The path of image i within the folder or zip, with '/' between its parts. */
  String name(int i);

  /** The class of image i, an index into {@link #classes}; empty without classes. */
  OptionalInt label(int i);

  /** Names of the classes in the order of their numbers; empty without classes. */
  List<String> classes();

  /**
   * Writes image i to {@code out[offset …]} as channels × height × width floats in [−1, 1].
   *
   * @throws IOException if the file has become unreadable
   */
  void read(int i, float[] out, int offset) throws IOException;

  /**
   * As above, and its conditions as conditionChannels × height × width: an image in [−1, 1], a
   * label map as 1 for the pixel's class and 0 for the others.
   *
   * @param condition not touched without conditions
   */
  default void read(int i, float[] out, int offset, float[] condition, int conditionOffset)
      throws IOException {
    read(i, Crop.CENTRE, out, offset, condition, conditionOffset);
  }

  /**
   * As above, of a part of the image and the same part of its conditions.
   *
   * @param crop has an effect in a set with {@link DatasetOptions#randomCrop} only: the images of
   *     all others have the wanted size
   */
  default void read(
      int i, Crop crop, float[] out, int offset, float[] condition, int conditionOffset)
      throws IOException {
    read(i, out, offset);
  }

  /** Image i as a new array of channels × height × width floats in [−1, 1]. */
  default float[] chw(int i) throws IOException {
    float[] out = new float[channels() * height() * width()];
    read(i, out, 0);
    return out;
  }

  /** Image i and then its conditions for display, label maps in their colours. */
  default List<Pixels> displayImages(int i) throws IOException {
    return displayImages(i, Crop.CENTRE);
  }

  /** As above, of a part. */
  default List<Pixels> displayImages(int i, Crop crop) throws IOException {
    return List.of(Pixels.fromChw(chw(i), 0, channels(), height(), width()));
  }

  /** Files that could not be decoded so far, each as "name reason". */
  List<String> brokenFiles();

  /** Closes the zip, if there is one. */
  @Override
  void close() throws IOException;

  /**
   * Opens a folder (read with all its subfolders) or a zip of PNG, JPEG and WebP files, or of the
   * IDX files of the MNIST family. Names that begin with a dot or lie in {@code __MACOSX} are
   * ignored, and so are files of other kinds. Links to folders are followed. One folder around the
   * splits, as zips often have it, is skipped.
   *
   * <p>Every image is scaled to cover the wanted size and cropped at the centre, label maps without
   * mixing their values; with {@link DatasetOptions#randomCrop} images keep their size, and each
   * read takes a part. A set that fits into {@link DatasetOptions#cacheBytesMax} is decoded at
   * once.
   *
   * @return closed by the caller
   * @throws InvalidInputException if there is nothing to read, the split or a class cannot be
   *     found, or more files are broken than allowed
   */
  static ImageDataset open(Path path, DatasetOptions options) throws IOException {
    FileSource source = FileSource.open(path);
    try {
      if (options.files() != Kind.IMAGES && options.pairing().isEmpty()) {
        Optional<String> idx = Idx.images(source.names(), options.split());
        if (idx.isPresent()) {
          return Idx.load(source, path.toString(), idx.get(), options);
        }
        if (options.files() == Kind.IDX) {
          throw InvalidInputException.of(
              path.toString(), "contains no file like train-images-idx3-ubyte or …-ubyte.gz");
        }
      }
      Listing listing = Listing.of(path.toString(), source.names(), options);
      return new Decoder(source, options).estimateBytes(listing) <= options.cacheBytesMax()
          ? CachedDataset.load(source, listing, options)
          : DecodingDataset.open(source, listing, options);
    } catch (IOException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /** Whether the set has images in this split, such as {@code val}. */
  static boolean hasSplit(Path path, String split, DatasetOptions options) throws IOException {
    try (FileSource source = FileSource.open(path)) {
      return Listing.hasSplit(source.names(), split, options.pairing());
    }
  }
}
