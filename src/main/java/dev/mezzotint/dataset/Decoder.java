package dev.mezzotint.dataset;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Resize;
import java.io.IOException;
import java.util.Optional;

/**
 * From a file, or a pair of files, to an image and its condition at the wanted size. Safe for use
 * by several threads.
 */
record Decoder(FileSource source, DatasetOptions options) {
  /** Folder of the images among twins. */
  static final String TARGET = "target/";

  /** Folder of the conditions among twins. */
  static final String INPUT = "input/";

  /**
   * What one index of a data set stands for.
   *
   * @param condition a picture, or a grey picture of class numbers; empty without conditions
   */
  record Sample(Pixels image, Optional<Pixels> condition) {}

  /**
   * @throws IOException if one of the files is missing or broken; one sentence without the name
   */
  Sample decode(String name) throws IOException {
    if (options.pairing().isEmpty()) {
      return new Sample(image(read(name, options.channels())), Optional.empty());
    }
    Pairing pairing = options.pairing().get();
    int channels = pairing.palette().isPresent() ? 3 : pairing.channels();
    if (pairing.layout() == Pairing.Layout.TWINS) {
      Pixels condition;
      String twin = twin(name);
      try {
        condition = condition(read(twin, channels), pairing);
      } catch (IOException e) {
        throw new IOException("has the twin " + twin + ", which " + e.getMessage(), e);
      }
      return new Sample(image(read(name, options.channels())), Optional.of(condition));
    }
    // Decoded twice where the channels differ: rare, and simpler than converting.
    Pixels both = read(name, options.channels());
    Pixels forCondition = channels == options.channels() ? both : read(name, channels);
    boolean left = pairing.layout() == Pairing.Layout.CONDITION_LEFT;
    return new Sample(
        image(half(both, /* left= */ !left)),
        Optional.of(condition(half(forCondition, left), pairing)));
  }

  /** {@code train/target/a.png} has the twin {@code train/input/a.png}. */
  static String twin(String name) {
    int at = ("/" + name).lastIndexOf("/" + TARGET);
    return name.substring(0, at) + INPUT + name.substring(at + TARGET.length());
  }

  private Pixels read(String name, int channels) throws IOException {
    return ImageReader.read(source.bytes(name), channels);
  }

  private Pixels image(Pixels pixels) {
    return Resize.cover(pixels, options.width(), options.height());
  }

  private Pixels condition(Pixels pixels, Pairing pairing) throws IOException {
    return pairing.palette().isPresent()
        ? Resize.coverNearest(
            pairing.palette().get().labels(pixels, /* nearest= */ false),
            options.width(),
            options.height())
        : image(pixels);
  }

  private static Pixels half(Pixels both, boolean left) throws IOException {
    if (both.width() % 2 != 0) {
      throw new IOException("is " + both.width() + " pixels wide, which has no half");
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
