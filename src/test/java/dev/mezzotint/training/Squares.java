package dev.mezzotint.training;

import dev.mezzotint.dataset.ImageDataset;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;

/** Images of one colour each: all values of image i of n are −1 + 2i/n. */
final class Squares implements ImageDataset {
  private final int size;
  private final int channels;
  private final int side;
  private final List<String> classes;

  /** Number of the image that can no longer be read. */
  volatile int unreadable = -1;

  /**
   * @param classes image i has class i mod their number
   */
  Squares(int size, int channels, int side, String... classes) {
    this.size = size;
    this.channels = channels;
    this.side = side;
    this.classes = List.of(classes);
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int channels() {
    return channels;
  }

  @Override
  public int height() {
    return side;
  }

  @Override
  public int width() {
    return side;
  }

  @Override
  public String name(int i) {
    return i + ".png";
  }

  @Override
  public OptionalInt label(int i) {
    return classes.isEmpty() ? OptionalInt.empty() : OptionalInt.of(i % classes.size());
  }

  @Override
  public List<String> classes() {
    return classes;
  }

  @Override
  public void read(int i, float[] out, int offset) throws IOException {
    if (i == unreadable) {
      throw new IOException("gone");
    }
    for (int k = 0; k < channels * side * side; k++) {
      out[offset + k] = -1 + 2f * i / size + (k % side == 0 ? 0.01f : 0);
    }
  }

  @Override
  public List<String> brokenFiles() {
    return List.of();
  }

  @Override
  public void close() {}
}
