package dev.mezzotint.generation.request;

import java.util.List;

/**
 * Which noise each image of a job begins with. The noise is a function of (seed, index) alone, so
 * an image does not depend on how many others are asked for with it.
 */
public sealed interface Seeds {

  int count();

  /** Seed of image i. */
  long seed(int image);

  /** Index of image i within its seed's stream. */
  int index(int image);

  /** Image i begins with noise(seed, i). */
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

  /** Image i begins with noise(seeds[i], 0): the first image that each seed alone would give. */
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
}
