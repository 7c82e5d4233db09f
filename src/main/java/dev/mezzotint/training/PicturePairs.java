package dev.mezzotint.training;

import dev.mezzotint.dataset.EpochOrder;
import dev.mezzotint.dataset.Flip;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pictures as x1, and as x0 Gaussian noise or the pictures of another set. At position p stands
 * picture {@code EpochOrder.index(seed, p, n)}, the coin of its mirror drawn at index p; the other
 * set has an order and a coin of its own, so that every pair can meet.
 */
final class PicturePairs implements Pairs {
  private static final long FLIP = 0x666c6970L;
  private static final long LABEL = 0x6c6162656cL;
  private static final long OTHER = 0x6f74686572L;

  private final Recipe recipe;
  private final ImageDataset data;
  private final @Nullable ImageDataset from;

  PicturePairs(Recipe recipe, ImageDataset data, @Nullable ImageDataset from) {
    this.recipe = recipe;
    this.data = data;
    this.from = from;
    if (from != null
        && (from.channels() != data.channels()
            || from.height() != data.height()
            || from.width() != data.width())) {
      throw new InvalidInputException("p0", "p0 has pictures of another size than the data set");
    }
  }

  @Override
  public int size() {
    return data.size();
  }

  @Override
  public int channels() {
    return data.channels();
  }

  @Override
  public int height() {
    return data.height();
  }

  @Override
  public int width() {
    return data.width();
  }

  @Override
  public List<String> classes() {
    return data.classes();
  }

  @Override
  public long read(long position, float[] x0, float[] x1, int offset) {
    int picture = picture(data, recipe.seed(), position, x1, offset);
    if (from == null) {
      Noise.gaussian(recipe.seed(), position, x0, offset, channels() * height() * width());
    } else {
      picture(from, recipe.seed() ^ OTHER, position, x0, offset);
    }
    if (recipe.data().labels().equals("none")) {
      return 0;
    }
    boolean dropped =
        Noise.uniform(recipe.seed() ^ LABEL, position, 0) < recipe.data().labelDropout();
    return dropped ? classes().size() : data.label(picture).orElse(0);
  }

  private int picture(ImageDataset set, long seed, long position, float[] out, int offset) {
    int picture = EpochOrder.index(seed, position, set.size());
    try {
      set.read(picture, out, offset);
    } catch (IOException e) {
      throw new UncheckedIOException(set.name(picture) + " can no longer be read", e);
    }
    if (recipe.data().flip() && Noise.uniform(seed ^ FLIP, position, 0) < 0.5) {
      Flip.horizontal(out, offset, channels(), height(), width());
    }
    return picture;
  }
}
