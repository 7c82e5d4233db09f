package dev.mezzotint.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Finds the nearest neighbour of each image among many others, which are added in chunks and need
 * not fit into memory. Used by one thread.
 */
final class Neighbours {
  private final ImageSet images;
  private final double[] squares;
  private final int[] nearest;

  Neighbours(ImageSet images) {
    this.images = images;
    this.squares = new double[images.size()];
    this.nearest = new int[images.size()];
    Arrays.fill(squares, Double.MAX_VALUE);
    Arrays.fill(nearest, -1);
  }

  /**
   * Adds candidates.
   *
   * @param numbers as {@link #nearest} returns them
   */
  void add(ImageSet others, int[] numbers) {
    images.checkLike(others);
    int stride = images.stride();
    IntStream.range(0, images.size())
        .parallel()
        .forEach(
            i -> {
              for (int j = 0; j < others.size(); j++) {
                double square =
                    Kernels.squaredDistance(
                        images.values(),
                        i * stride,
                        others.values(),
                        j * stride,
                        stride,
                        squares[i]);
                if (square < squares[i]) {
                  squares[i] = square;
                  nearest[i] = numbers[j];
                }
              }
            });
  }

  /** Root-mean-square difference from the nearest neighbour, in grey levels of 255. */
  double[] distances() {
    return Arrays.stream(squares).map(s -> 127.5 * Math.sqrt(s / images.stride())).toArray();
  }

  /** The index of the nearest neighbour of each image. */
  int[] nearest() {
    return nearest.clone();
  }
}
