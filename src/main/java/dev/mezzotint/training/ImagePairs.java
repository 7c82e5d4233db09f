package dev.mezzotint.training;

import dev.mezzotint.dataset.EpochOrder;
import dev.mezzotint.dataset.Flip;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.BlueNoise;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pictures as x1, and as x0 Gaussian noise or the pictures of another set. At position p stands
 * picture {@code EpochOrder.index(seed, p, n)}, the coin of its mirror drawn at index p; the other
 * set has an order and a coin of its own, so that every pair can meet.
 */
final class ImagePairs implements Pairs {
  private static final long FLIP = 0x666c6970L;
  private static final long LABEL = 0x6c6162656cL;
  private static final long CONDITION = 0x636f6e646974L;
  private static final long OTHER = 0x6f74686572L;

  private final Recipe recipe;
  private final ImageDataset data;
  private final @Nullable ImageDataset from;
  private final @Nullable BlueNoise blue;
  private final @Nullable ImageDataset validation;

  ImagePairs(
      Recipe recipe,
      ImageDataset data,
      @Nullable ImageDataset from,
      @Nullable ImageDataset validation) {
    this.recipe = recipe;
    this.data = data;
    this.from = from;
    this.validation = validation;
    this.blue = recipe.data().blueNoise() ? new BlueNoise(data.height(), data.width()) : null;
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
    List<String> names = recipe.data().classNames();
    if (names.isEmpty()) {
      return data.classes();
    }
    if (names.size() != data.classes().size()) {
      throw new InvalidInputException(
          "dataset.classes",
          "dataset.classes has "
              + names.size()
              + " names, but the labels are "
              + data.classes().size());
    }
    return names;
  }

  @Override
  public int conditionChannels() {
    return data.conditionChannels();
  }

  @Override
  public List<String> brokenFiles() {
    return data.brokenFiles();
  }

  @Override
  public long read(
      long position, float[] x0, float[] x1, int offset, float[] condition, int conditionOffset) {
    int picture =
        picture(data, recipe.seed(), position, new Place(x1, offset, condition, conditionOffset));
    readX0(position, x0, offset);
    if (drops(CONDITION, position, recipe.data().conditionDropout())) {
      int values = conditionChannels() * height() * width();
      Arrays.fill(condition, conditionOffset, conditionOffset + values, 0);
    }
    if (recipe.data().labels().equals("none")) {
      return 0;
    }
    return drops(LABEL, position, recipe.data().labelDropout())
        ? classes().size()
        : data.label(picture).orElse(0);
  }

  private boolean drops(long what, long position, double share) {
    return share > 0 && Noise.uniform(recipe.seed() ^ what, position, 0) < share;
  }

  @Override
  public void readX0(long position, float[] x0, int offset) {
    if (from != null) {
      picture(from, recipe.seed() ^ OTHER, position, new Place(x0, offset, new float[0], 0));
      return;
    }
    Noise.gaussian(recipe.seed(), position, x0, offset, channels() * height() * width());
    if (blue != null) {
      blue.colour(x0, offset, channels());
    }
  }

  /** Where a picture and its conditions are written to. */
  @SuppressWarnings("ArrayRecordComponent") // written to, never compared
  private record Place(float[] image, int offset, float[] condition, int conditionOffset) {}

  private int picture(ImageDataset set, long seed, long position, Place to) {
    int picture = EpochOrder.index(seed, position, set.size());
    try {
      set.read(picture, to.image, to.offset, to.condition, to.conditionOffset);
    } catch (IOException e) {
      throw new UncheckedIOException(set.name(picture) + " can no longer be read", e);
    }
    if (recipe.data().flip() && Noise.uniform(seed ^ FLIP, position, 0) < 0.5) {
      Flip.horizontal(to.image, to.offset, channels(), height(), width());
      if (set.conditionChannels() > 0) {
        Flip.horizontal(
            to.condition, to.conditionOffset, set.conditionChannels(), height(), width());
      }
    }
    return picture;
  }

  @Override
  public List<Example> examples(int count) {
    if (conditionChannels() == 0) {
      return List.of();
    }
    ImageDataset set = validation == null ? data : validation;
    int values = height() * width();
    List<Example> examples = new ArrayList<>();
    int shown = Math.min(count, set.size());
    for (int k = 0; k < shown; k++) {
      int i = (int) ((long) k * set.size() / shown);
      float[] condition = new float[conditionChannels() * values];
      try {
        set.read(i, new float[channels() * values], 0, condition, 0);
        List<Pixels> pictures = new ArrayList<>(set.displayImages(i));
        pictures.add(pictures.remove(0));
        pictures.replaceAll(p -> p.withChannels(3));
        examples.add(new Example(condition, label(set, i), pictures));
      } catch (IOException e) {
        throw new UncheckedIOException(set.name(i) + " can no longer be read", e);
      }
    }
    return examples;
  }

  /** By name: another split may lack some of the classes. */
  private long label(ImageDataset set, int i) {
    return set.label(i).isEmpty()
        ? 0
        : Math.max(0, data.classes().indexOf(set.classes().get(set.label(i).getAsInt())));
  }
}
