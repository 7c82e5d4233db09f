package dev.mezzotint.evaluation;

import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.RandomStream;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Synthetic images with known faults: a disc of random place, size and colour on a ramp. */
final class Drawings {
  private Drawings() {}

  static ImageSet of(int count, int side, long seed) {
    ImageSet set = new ImageSet(count, 3, side, side, new float[count * 3 * side * side]);
    for (int n = 0; n < count; n++) {
      RandomStream draws = new RandomStream(seed, n);
      double x = side * (0.3 + 0.4 * draws.uniform());
      double y = side * (0.3 + 0.4 * draws.uniform());
      double radius = side * (0.1 + 0.2 * draws.uniform());
      for (int c = 0; c < 3; c++) {
        double disc = 2 * draws.uniform() - 1;
        double ground = draws.uniform() - 0.5;
        for (int i = 0; i < side * side; i++) {
          boolean in = Math.hypot(i % side - x, i / (double) side - y) < radius;
          set.values()[(n * 3 + c) * side * side + i] =
              (float) (in ? disc : 0.5 * ground + 0.4 * (i / side) / side - 0.2);
        }
      }
    }
    return set;
  }

  static ImageSet each(ImageSet set, UnaryOperator<float[]> change) {
    return new ImageSet(
        set.size(), set.channels(), set.height(), set.width(), change.apply(set.values().clone()));
  }

  static ImageSet shifted(ImageSet set, float by) {
    return each(
        set,
        values -> {
          for (int i = 0; i < values.length; i++) {
            values[i] += by;
          }
          return values;
        });
  }

  /** More red, less blue. */
  static ImageSet tinted(ImageSet set, float by) {
    return each(
        set,
        values -> {
          for (int i = 0; i < values.length; i++) {
            values[i] += by * (1 - i / set.plane() % 3);
          }
          return values;
        });
  }

  static ImageSet noisy(ImageSet set, float deviation) {
    return each(
        set,
        values -> {
          float[] noise = new float[values.length];
          Noise.gaussian(77, 0, noise, 0, noise.length);
          for (int i = 0; i < values.length; i++) {
            values[i] += deviation * noise[i];
          }
          return values;
        });
  }

  /** Means over 3×3 pixels. */
  static ImageSet blurred(ImageSet set) {
    int w = set.width();
    int plane = set.plane();
    return each(
        set,
        values -> {
          for (int i = 0; i < values.length; i++) {
            float sum = 0;
            for (int k = 0; k < 9; k++) {
              int y = Math.max(0, Math.min(set.height() - 1, i % plane / w + k / 3 - 1));
              int x = Math.max(0, Math.min(w - 1, i % w + k % 3 - 1));
              sum += set.values()[i / plane * plane + y * w + x];
            }
            values[i] = sum / 9;
          }
          return values;
        });
  }

  /** A few of the images, repeated. */
  static ImageSet collapsed(ImageSet set, int kinds) {
    return set.select(IntStream.range(0, set.size()).map(i -> i % kinds).toArray());
  }

  /** The images as a data set without classes and conditions. */
  static ImageDataset dataset(ImageSet set) {
    return new ImageDataset() {
      @Override
      public int size() {
        return set.size();
      }

      @Override
      public int channels() {
        return set.channels();
      }

      @Override
      public int height() {
        return set.height();
      }

      @Override
      public int width() {
        return set.width();
      }

      @Override
      public String name(int i) {
        return i + ".png";
      }

      @Override
      public OptionalInt label(int i) {
        return OptionalInt.empty();
      }

      @Override
      public List<String> classes() {
        return List.of();
      }

      @Override
      public void read(int i, float[] out, int offset) {
        System.arraycopy(set.values(), i * set.stride(), out, offset, set.stride());
      }

      @Override
      public List<String> brokenFiles() {
        return List.of();
      }

      @Override
      public void close() {}
    };
  }
}
