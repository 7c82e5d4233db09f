package dev.mezzotint.dataset;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decodes a file, or the files of a pair, to an image and its conditions at the wanted size, or,
 * for random crops, at their own, which is at least that. Safe for use by several threads.
 */
record Decoder(FileSource source, DatasetOptions options, PairedFolders folders) {
  private static final int TRIED = 16;

  Decoder(FileSource source, DatasetOptions options) {
    this(source, options, PairedFolders.of(source.names(), options.pairing()));
  }

  /**
   * An image and its conditions.
   *
   * @param conditions in the pairing's order, each an image or, for a label map, a grey image of
   *     class numbers
   */
  record Sample(Pixels image, List<Pixels> conditions) {
    Sample(Pixels image) {
      this(image, List.of());
    }

    /** The same part of the image and of each condition. */
    Sample cropped(Crop crop, DatasetOptions options) {
      return new Sample(
          crop.of(image, options.width(), options.height()),
          conditions.stream().map(c -> crop.of(c, options.width(), options.height())).toList());
    }

    long bytes() {
      return image.bytes().length + conditions.stream().mapToLong(c -> c.bytes().length).sum();
    }

    /** The image and then its conditions for display, label maps in their colours. */
    List<Pixels> displayImages(List<Condition> kinds) {
      List<Pixels> images = new ArrayList<>();
      images.add(image);
      for (int k = 0; k < conditions.size(); k++) {
        Pixels pixels = conditions.get(k);
        images.add(kinds.get(k).palette().map(p -> p.colours(pixels)).orElse(pixels));
      }
      return images;
    }
  }

  /**
   * Bytes of all samples in memory. Random crops need images of their own size, which are known
   * once decoded: the mean of a few that are spread over the set then counts for all.
   */
  long estimateBytes(Listing listing) {
    if (!options.randomCrop()) {
      return listing.size() * options.sampleBytes();
    }
    int tried = Math.min(TRIED, listing.size());
    long sum = 0;
    for (int k = 0; k < tried; k++) {
      try {
        sum += decode(listing.names().get((int) ((long) k * listing.size() / tried))).bytes();
      } catch (IOException e) {
        // a broken file, which is named when the set is read
      }
    }
    return sum * listing.size() / tried;
  }

  /**
   * @throws IOException if one of the files is missing or broken; its message lacks the name
   */
  Sample decode(String name) throws IOException {
    Sample sample = decodeAll(name);
    if (options.randomCrop()) {
      checkSizes(sample);
    }
    return sample;
  }

  private void checkSizes(Sample sample) throws IOException {
    Pixels image = sample.image();
    if (image.width() < options.width() || image.height() < options.height()) {
      throw new IOException(
          "is %s×%s pixels, smaller than a crop of %s×%s"
              .formatted(image.width(), image.height(), options.width(), options.height()));
    }
    for (Pixels condition : sample.conditions()) {
      if (condition.width() != image.width() || condition.height() != image.height()) {
        throw new IOException(
            "is %s×%s pixels and its condition %s×%s: crops need equal sizes"
                .formatted(image.width(), image.height(), condition.width(), condition.height()));
      }
    }
  }

  private Sample decodeAll(String name) throws IOException {
    Optional<Pairing> pairing = options.pairing();
    if (pairing.isEmpty()) {
      return new Sample(image(read(name, options.channels())));
    }
    return pairing.get().layout() == Pairing.Layout.TWINS
        ? twin(name, pairing.get())
        : half(name, pairing.get());
  }

  private Sample twin(String name, Pairing pairing) throws IOException {
    List<Pixels> conditions = new ArrayList<>();
    for (Condition condition : pairing.conditions()) {
      String twin = folders.find(name, condition.folder());
      try {
        conditions.add(condition(readCondition(twin, condition), condition));
      } catch (IOException e) {
        throw new IOException("has the twin " + twin + ", which " + FileErrors.reason(e), e);
      }
    }
    return new Sample(image(read(name, options.channels())), conditions);
  }

  private Sample half(String name, Pairing pairing) throws IOException {
    Condition condition = pairing.conditions().get(0);
    boolean left = pairing.layout() == Pairing.Layout.CONDITION_LEFT;
    Pixels both = read(name, 3);
    Pixels image = half(both, /* left= */ !left).withChannels(options.channels());
    Pixels conditions = condition.palette().isEmpty() ? both : readCondition(name, condition);
    Pixels other = half(conditions, left).withChannels(condition.decodedChannels());
    return new Sample(image(image), List.of(condition(other, condition)));
  }

  private Pixels read(String name, int channels) throws IOException {
    return ImageReader.read(source.bytes(name), channels);
  }

  private Pixels readCondition(String name, Condition condition) throws IOException {
    return condition.palette().isPresent()
        ? ImageReader.readLabelMap(source.bytes(name), ImageReader.PIXELS_MAX_DEFAULT)
        : read(name, condition.decodedChannels());
  }

  private Pixels image(Pixels pixels) {
    return options.randomCrop() ? pixels : Resize.cover(pixels, options.width(), options.height());
  }

  private Pixels condition(Pixels pixels, Condition condition) throws IOException {
    if (condition.palette().isEmpty()) {
      return image(pixels);
    }
    Pixels labels = condition.palette().get().labels(pixels, condition.nearest());
    return options.randomCrop()
        ? labels
        : Resize.coverNearest(labels, options.width(), options.height());
  }

  private static Pixels half(Pixels both, boolean left) throws IOException {
    if (both.width() % 2 != 0) {
      throw new IOException("is " + both.width() + " pixels wide, which cannot be halved");
    }
    int width = both.width() / 2;
    return both.part(left ? 0 : width, 0, width, both.height());
  }
}
