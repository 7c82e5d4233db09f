package dev.mezzotint.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * For pictures the nearest of many others, which pass by one at a time and need not fit into
 * memory. Used by one thread.
 */
final class Neighbours {
  private final ImageSet pictures;
  private final double[] squares;
  private final int[] nearest;

  Neighbours(ImageSet pictures) {
    this.pictures = pictures;
    this.squares = new double[pictures.size()];
    this.nearest = new int[pictures.size()];
    Arrays.fill(squares, Double.MAX_VALUE);
    Arrays.fill(nearest, -1);
  }

  /**
   * Looks at some of the others.
   *
   * @param numbers what {@link #nearest} calls each of them
   */
  void see(ImageSet others, int[] numbers) {
    pictures.checkLike(others);
    int stride = pictures.stride();
    IntStream.range(0, pictures.size())
        .parallel()
        .forEach(
            i -> {
              for (int j = 0; j < others.size(); j++) {
                double square =
                    Kernels.squaredDistance(
                        pictures.values(),
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

  /** Root-mean-square difference to the nearest, in grey levels of 255. */
  double[] distances() {
    return Arrays.stream(squares).map(s -> 127.5 * Math.sqrt(s / pictures.stride())).toArray();
  }

  /** The number of each picture's nearest. */
  int[] nearest() {
    return nearest.clone();
  }
}
