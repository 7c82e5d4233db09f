package dev.mezzotint.dataset;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decodes a file, or the files of a pair, to an image and its conditions at the wanted size. Safe
 * for use by several threads.
 */
final class Decoder {
  private final FileSource source;
  private final DatasetOptions options;
  private final PairedFolders folders;

  Decoder(FileSource source, DatasetOptions options) {
    this.source = source;
    this.options = options;
    this.folders = PairedFolders.of(source.names(), options.pairing());
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

  FileSource source() {
    return source;
  }

  DatasetOptions options() {
    return options;
  }

  /**
   * @throws IOException if one of the files is missing or broken; its message lacks the name
   */
  Sample decode(String name) throws IOException {
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
    return Resize.cover(pixels, options.width(), options.height());
  }

  private Pixels condition(Pixels pixels, Condition condition) throws IOException {
    if (condition.palette().isEmpty()) {
      return image(pixels);
    }
    Palette palette = condition.palette().get();
    return Resize.coverNearest(
        palette.labels(pixels, condition.nearest()), options.width(), options.height());
  }

  private static Pixels half(Pixels both, boolean left) throws IOException {
    if (both.width() % 2 != 0) {
      throw new IOException("is " + both.width() + " pixels wide, which cannot be halved");
    }
    int width = both.width() / 2;
    int channels = both.channels();
    byte[] bytes = new byte[width * both.height() * channels];
    for (int y = 0; y < both.height(); y++) {
      int from = (y * both.width() + (left ? 0 : width)) * channels;
      System.arraycopy(both.bytes(), from, bytes, y * width * channels, width * channels);
    }
    return new Pixels(width, both.height(), channels, bytes);
  }
}
