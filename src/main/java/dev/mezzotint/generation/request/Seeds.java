package dev.mezzotint.generation.request;

import java.util.List;

/**
 * The noise that each image of a job starts from. It is a function of (seed, index) alone, so an
 * image does not depend on the number of images in its job.
 */
public sealed interface Seeds {

  int count();

  long seed(int image);

  /** Index of image i within its seed's stream. */
  int index(int image);

  /** Image i starts from noise(seed, i). */
  record Counted(long seed, int count) implements Seeds {
    @Override
    public long seed(int image) {
      return seed;
    }

    @Override
    public int index(int image) {
      return image;
    }
  }

  /** Image i starts from noise(seeds[i], 0): the first image of each seed. */
  record Listed(List<Long> seeds) implements Seeds {
    public Listed {
      seeds = List.copyOf(seeds);
    }

    @Override
    public int count() {
      return seeds.size();
    }

    @Override
    public long seed(int image) {
      return seeds.get(image);
    }

    @Override
    public int index(int image) {
      return 0;
    }
  }

  /**
   * Image i starts on the great circle from noise(from, 0) to noise(to, 0), at i / (frames − 1).
   */
  record Interpolated(long from, long to, int frames) implements Seeds {
    @Override
    public int count() {
      return frames;
    }

    @Override
    public long seed(int image) {
      return from;
    }

    @Override
    public int index(int image) {
      return 0;
    }

    /** Share of the way of an image, 0 to 1. */
    public double share(int image) {
      return image / (frames - 1.0);
    }
  }
}
