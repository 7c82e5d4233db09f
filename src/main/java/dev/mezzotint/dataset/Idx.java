package dev.mezzotint.dataset;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.dataset.Decoder.Sample;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.PlaceholderFile;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/**
 * The IDX files of the MNIST family: {@code train-images-idx3-ubyte} and {@code
 * train-labels-idx1-ubyte}, {@code t10k-…} for testing, each with or without {@code .gz}. A file
 * begins with two zero bytes, the type (8: unsigned bytes) and the number of dimensions, then the
 * sizes as big-endian integers, then the values (LeCun, Cortes, Burges: the MNIST database).
 */
final class Idx {
  private static final String IMAGES = "-images-idx3-ubyte";
  private static final String LABELS = "-labels-idx1-ubyte";
  private static final String TEST_PREFIX = "t10k";
  private static final int UNSIGNED_BYTES = 8;
  private static final int CLASSES_MAX = 256;

  /** Enough for every set of this family (EMNIST: 547 MB), and small enough for memory. */
  private static final int BYTES_MAX = 576 << 20;

  private Idx() {}

  /** The file of images of the wanted split; empty if the source has no IDX files. */
  static Optional<String> images(List<String> names, Optional<String> split) {
    List<String> found =
        names.stream().filter(name -> base(name).endsWith(IMAGES)).sorted().toList();
    if (found.isEmpty()) {
      return Optional.empty();
    }
    String wanted = split.orElse("train");
    String prefix = wanted.equals("val") || wanted.equals("test") ? TEST_PREFIX : wanted;
    return Optional.of(
        found.stream()
            .filter(name -> file(name).startsWith(prefix + "-"))
            .findFirst()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "split", "there is no " + prefix + IMAGES + " next to " + found.get(0))));
  }

  private static String base(String name) {
    return name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
  }

  private static String file(String name) {
    return name.substring(name.lastIndexOf('/') + 1);
  }

  /** Reads both files, then closes the source. Images are scaled when they are read. */
  static ImageDataset load(FileSource source, String path, String images, DatasetOptions options)
      throws IOException {
    try (source) {
      refuseIf(options.randomCrop(), "crop", "must be centre: %s contains IDX files", path);
      Array pixels = read(source, images, 3);
      int count = pixels.sizes()[0];
      if (count < 1 || pixels.sizes()[1] < 1 || pixels.sizes()[2] < 1) {
        throw new InvalidInputException(path, images + " contains no images");
      }
      List<String> names =
          IntStream.range(0, count)
              .mapToObj(i -> String.format(Locale.ROOT, "%s/%06d", images, i))
              .toList();
      Listing listing = new Listing(path, names, List.of(), List.of());
      if (options.labels() == Labels.FOLDER || options.labels() == Labels.PREFIX) {
        throw InvalidInputException.of(
            "labels", "must be file or none: %s contains IDX files", path);
      }
      if (options.labels() == Labels.FILE) {
        String labels = labels(source.names(), images);
        listing = labelled(listing, read(source, labels, 1), labels);
      }
      return new Planes(listing, options, pixels);
    }
  }

  /** Grey images, scaled when they are read. Safe for use by several threads. */
  static final class Planes extends ListedDataset {
    private final Array planes;

    Planes(Listing listing, DatasetOptions options, Array planes) {
      super(listing, options);
      this.planes = planes;
    }

    @Override
    Sample sample(int i) {
      int height = planes.sizes()[1];
      int width = planes.sizes()[2];
      int plane = height * width;
      byte[] grey = Arrays.copyOfRange(planes.values(), i * plane, (i + 1) * plane);
      Pixels pixels = new Pixels(width, height, 1, grey).withChannels(options.channels());
      return new Sample(Resize.cover(pixels, options.width(), options.height()));
    }

    @Override
    public List<String> brokenFiles() {
      return List.of();
    }

    @Override
    public void close() {}
  }

  private static String labels(List<String> names, String images) {
    String wanted = base(images).replace(IMAGES, LABELS);
    return names.stream()
        .filter(name -> base(name).equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "labels", "there is no " + wanted + " next to " + images));
  }

  private static Listing labelled(Listing listing, Array labels, String name) {
    if (labels.sizes()[0] != listing.size()) {
      throw new InvalidInputException(
          listing.source(),
          name + " has " + labels.sizes()[0] + " labels for " + listing.size() + " images");
    }
    List<Integer> numbers = new ArrayList<>(listing.size());
    int highest = 0;
    for (byte label : labels.values()) {
      numbers.add(label & 0xFF);
      highest = Math.max(highest, label & 0xFF);
    }
    List<String> classes =
        IntStream.rangeClosed(0, Math.min(highest, CLASSES_MAX - 1))
            .mapToObj(Integer::toString)
            .toList();
    return new Listing(listing.source(), listing.names(), numbers, classes);
  }

  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  private record Array(int[] sizes, byte[] values) {}

  private static Array read(FileSource source, String name, int dimensions) {
    try (InputStream file = source.open(name);
        InputStream stored = PlaceholderFile.refuse(file);
        InputStream in = name.endsWith(".gz") ? new GZIPInputStream(stored) : stored) {
      ByteBuffer header = ByteBuffer.wrap(in.readNBytes(4 + 4 * dimensions));
      if (header.capacity() < 4 + 4 * dimensions
          || header.getShort(0) != 0
          || header.get(2) != UNSIGNED_BYTES
          || header.get(3) != dimensions) {
        throw InvalidInputException.of(
            name, "is not an IDX file of unsigned bytes with %s dimensions", dimensions);
      }
      int[] sizes = new int[dimensions];
      long wanted = 1;
      for (int d = 0; d < dimensions; d++) {
        sizes[d] = header.getInt(4 + 4 * d);
        wanted *= sizes[d];
        if (sizes[d] < 0 || wanted > BYTES_MAX) {
          throw new InvalidInputException(
              name,
              "the header of %s gives dimension %s the length %s: at most %s values are allowed"
                  .formatted(name, d, sizes[d], BYTES_MAX));
        }
      }
      if (sizes[0] > FileSource.FILES_MAX) {
        throw InvalidInputException.of(
            name, "holds %s items, at most %s are allowed", sizes[0], FileSource.FILES_MAX);
      }
      byte[] values = in.readNBytes((int) wanted);
      if (values.length < wanted || in.read() >= 0) {
        throw InvalidInputException.of(
            name,
            "has %s values, its header declares %d",
            values.length < wanted ? "" + values.length : "more",
            wanted);
      }
      return new Array(sizes, values);
    } catch (IOException e) {
      throw new InvalidInputException(name, name + " " + FileErrors.reason(e), e);
    }
  }
}
