package dev.mezzotint.training;

import dev.mezzotint.dataset.Crop;
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
 * Pairs whose x1 is an image, and whose x0 is noise or an image of another set. Position p has
 * image {@code EpochOrder.index(seed, p, n)}; which part of it is taken and whether it is mirrored
 * are drawn at index p. The other set has an order, parts and flips of its own, so that every pair
 * can occur.
 */
final class ImagePairs implements Pairs {
  private static final long FLIP = 0x666c6970L;
  private static final long CROP = 0x63726f70L;
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
      throw new InvalidInputException("p0", "p0 has images of another size than the data set");
    }
  }

  @Override
  public int size() {
    return data.size();
  }

  @Override
  public Shape shape() {
    return new Shape(
        data.channels(), data.height(), data.width(), data.conditionChannels(), classNames());
  }

  private List<String> classNames() {
    List<String> names = recipe.data().classNames();
    if (names.isEmpty()) {
      return data.classes();
    }
    if (names.size() != data.classes().size()) {
      throw InvalidInputException.of(
          "dataset.classes",
          "has %s names, but the labels are %s",
          names.size(),
          data.classes().size());
    }
    return names;
  }

  @Override
  public List<String> brokenFiles() {
    return data.brokenFiles();
  }

  @Override
  public long read(
      long position, float[] x0, float[] x1, int offset, float[] condition, int conditionOffset) {
    int image =
        readImage(
            data, recipe.seed(), position, new Target(x1, offset, condition, conditionOffset));
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
        : data.label(image).orElse(0);
  }

  private boolean drops(long stream, long position, double share) {
    return share > 0 && Noise.uniform(recipe.seed() ^ stream, position, 0) < share;
  }

  @Override
  public void readX0(long position, float[] x0, int offset) {
    if (from != null) {
      readImage(from, recipe.seed() ^ OTHER, position, new Target(x0, offset, new float[0], 0));
      return;
    }
    Noise.gaussian(recipe.seed(), position, x0, offset, channels() * height() * width());
    if (blue != null) {
      blue.colour(x0, offset, channels());
    }
  }

  /** Where an image and its conditions are written to. */
  @SuppressWarnings("ArrayRecordComponent") // written to, never compared
  private record Target(float[] image, int offset, float[] condition, int conditionOffset) {}

  private int readImage(ImageDataset set, long seed, long position, Target to) {
    int image = EpochOrder.index(seed, position, set.size());
    try {
      set.read(image, crop(seed, position), to.image, to.offset, to.condition, to.conditionOffset);
    } catch (IOException e) {
      throw new UncheckedIOException(set.name(image) + " can no longer be read", e);
    }
    if (recipe.data().flip() && Noise.uniform(seed ^ FLIP, position, 0) < 0.5) {
      Flip.horizontal(to.image, to.offset, channels(), height(), width());
      if (set.conditionChannels() > 0) {
        Flip.horizontal(
            to.condition, to.conditionOffset, set.conditionChannels(), height(), width());
      }
    }
    return image;
  }

  private Crop crop(long seed, long position) {
    return recipe.data().randomCrop()
        ? new Crop(Noise.uniform(seed ^ CROP, position, 0), Noise.uniform(seed ^ CROP, position, 1))
        : Crop.CENTRE;
  }

  @Override
  public List<Example> examples(int limit) {
    if (conditionChannels() == 0) {
      return List.of();
    }
    ImageDataset set = validation == null ? data : validation;
    int values = height() * width();
    List<Example> examples = new ArrayList<>();
    // A few large images have parts enough.
    int count = recipe.data().randomCrop() ? limit : Math.min(limit, set.size());
    for (int k = 0; k < count; k++) {
      int i = (int) ((long) k * set.size() / count);
      Crop crop = crop(recipe.seed(), k);
      float[] condition = new float[conditionChannels() * values];
      try {
        set.read(i, crop, new float[channels() * values], 0, condition, 0);
        List<Pixels> images = new ArrayList<>(set.displayImages(i, crop));
        images.add(images.remove(0)); // the reference last
        images.replaceAll(p -> p.withChannels(3));
        examples.add(new Example(condition, label(set, i), images));
      } catch (IOException e) {
        throw new UncheckedIOException(set.name(i) + " can no longer be read", e);
      }
    }
    return examples;
  }

  /** Matched by name: another split may lack some of the classes. */
  private long label(ImageDataset set, int i) {
    return set.label(i).isEmpty()
        ? 0
        : Math.max(0, data.classes().indexOf(set.classes().get(set.label(i).getAsInt())));
  }
}
