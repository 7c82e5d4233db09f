package dev.mezzotint.training.recipe;

import dev.mezzotint.dataset.Condition;
import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.Pairing;
import dev.mezzotint.iadb.AlphaDensity;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.TrainStep;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How to train a model: everything but the pictures themselves. Two runs of one recipe on one data
 * set do the same steps. Immutable.
 *
 * @param name of the model to be produced
 * @param from the model whose weights are the first step's; empty to draw them
 * @param network the U-Net, key for key as in diffusers' {@code config.json}, or a perceptron
 * @param prediction what the network is to say: x1 − x0, or one of these ends
 * @param timestepScale the network is fed α·timestepScale
 * @param data which pictures; of one pixel and no set where there are densities instead
 * @param densities of the plane, for a perceptron
 * @param iterations optimizer steps in all
 * @param batchSize pictures per step
 * @param alphaDensity how often each α is looked at
 * @param coupling which x0 of a batch meets which x1
 * @param reflow pairs of the making of {@code from}, instead of independent ones; empty without
 * @param emaDecay share of the moving average that stays at each step, once warmed up
 * @param checkpointEvery steps between checkpoints
 * @param sampleEvery steps between sample grids; 0 for none
 * @param seed of weights, order, flips, α and noise
 * @param card what the model's card says that training cannot know
 */
public record Recipe(
    String name,
    Optional<String> from,
    NetworkConfig network,
    Prediction prediction,
    double timestepScale,
    Data data,
    Optional<Densities> densities,
    Optimizer optimizer,
    long iterations,
    int batchSize,
    AlphaDensity alphaDensity,
    Coupling coupling,
    Optional<Reflow> reflow,
    double emaDecay,
    long checkpointEvery,
    long sampleEvery,
    long seed,
    Card card) {
  /**
   * Words for the model's card.
   *
   * @param version of the model; empty: its weights' checksum serves as one
   * @param licence of the weights
   * @param data whose the pictures are and under which terms
   * @param steps suggested number of α intervals
   * @param sampler suggested solver
   */
  public record Card(
      Optional<String> version, String licence, String data, int steps, Solver sampler) {}

  /**
   * Pairs of a model's own making.
   *
   * @param pairs how many are made, 1 to 10,000,000
   * @param steps α intervals on each one's way
   */
  public record Reflow(int pairs, int steps, Solver sampler) {}

  /**
   * Which pictures, and how they are cut.
   *
   * @param split folder inside the data set, such as {@code train}; empty for all
   * @param size height and width in pixels after area resize and centre crop
   * @param flip whether a picture may be mirrored left to right, by a coin per use
   * @param p0Split folder inside the data set whose pictures are x0; empty for Gaussian noise
   * @param labels where class labels come from: {@code none}, {@code folder}, {@code prefix} or
   *     {@code file}
   * @param labelDropout share of pictures that are shown as of no class, with a label of its own
   *     behind the others: what class guidance needs; 0 for never
   * @param blueNoise whether x0 is blue noise, where it is noise at all
   * @param files kinds of files that the set is made of
   * @param pairing where each picture's conditions stand; empty without
   * @param conditionDropout share of pictures that are shown with conditions all zero: what
   *     guidance by conditions needs; 0 for never
   * @param classNames of the labels in an IDX file, in the order of their numbers; empty: the
   *     numbers
   * @param brokenMax share of the files that may be broken
   */
  public record Data(
      Optional<String> split,
      Optional<String> p0Split,
      int size,
      boolean flip,
      String labels,
      double labelDropout,
      boolean blueNoise,
      DatasetOptions.Kind files,
      Optional<Pairing> pairing,
      double conditionDropout,
      List<String> classNames,
      double brokenMax) {
    /** Where there are no pictures: points, of one pixel. */
    static Data none() {
      return new Data(
          Optional.empty(),
          Optional.empty(),
          1,
          /* flip= */ false,
          "none",
          0,
          /* blueNoise= */ false,
          DatasetOptions.Kind.ANY,
          Optional.empty(),
          0,
          List.of(),
          DatasetOptions.BROKEN_MAX_DEFAULT);
    }

    /**
     * How the set is read.
     *
     * @param channels of the pictures: 3 or 1
     */
    public DatasetOptions options(int channels) {
      DatasetOptions options =
          DatasetOptions.of(size, size)
              .withChannels(channels)
              .withFiles(files)
              .withLabels(DatasetOptions.Labels.valueOf(labels.toUpperCase(Locale.ROOT)))
              .withBrokenMax(brokenMax);
      options = pairing.map(options::withPairing).orElse(options);
      return split.map(options::withSplit).orElse(options);
    }

    /** What follows x in the network's input, as the model's card says it. */
    public List<ConditionPart> parts() {
      return pairing.map(Pairing::conditions).orElse(List.of()).stream().map(this::part).toList();
    }

    private ConditionPart part(Condition condition) {
      ConditionPart.Kind picture =
          condition.channels() == 3 ? ConditionPart.Kind.RGB : ConditionPart.Kind.GREY;
      return new ConditionPart(
          condition.name(),
          condition.palette().isPresent() ? ConditionPart.Kind.LABELS : picture,
          condition.channels(),
          condition.palette(),
          /* optional= */ conditionDropout > 0);
    }
  }

  /**
   * Two densities of the plane, each a word of {@code iadb.Density.parse} or {@code image:FILE}, a
   * grey picture in the data folder.
   */
  public record Densities(String p0, String p1) {
    /** What stands before the name of a picture that is read as a density. */
    public static final String IMAGE = "image:";

    /** Where the pictures, if any, are to be found by name. */
    public List<String> images() {
      return Stream.of(p0, p1)
          .filter(word -> word.startsWith(IMAGE))
          .map(word -> word.substring(IMAGE.length()))
          .toList();
    }
  }

  /**
   * Adam and its learning rate.
   *
   * @param learningRate after warm-up
   * @param warmup steps over which the rate rises from 0
   * @param cosine whether the rate then falls to 0 along a cosine until the last step
   */
  public record Optimizer(double learningRate, long warmup, boolean cosine, TrainStep step) {

    /** The rate of the step that follows {@code iteration} finished ones. */
    public double rate(long iteration, long iterations) {
      if (iteration < warmup) {
        return learningRate * (iteration + 1) / warmup;
      }
      if (!cosine) {
        return learningRate;
      }
      double done = (double) (iteration - warmup) / Math.max(1, iterations - warmup);
      return learningRate * 0.5 * (1 + StrictMath.cos(Math.PI * done));
    }
  }

  /**
   * The average's decay at a step: young averages forget faster, or they would carry the random
   * start along.
   */
  public double emaDecay(long iteration) {
    return Math.min(emaDecay, (1.0 + iteration) / (10.0 + iteration));
  }

  /** Refuses unknown keys, bad ranges and impossible combinations by the key's name. */
  public static Recipe parse(JsonObject json) {
    return RecipeJson.parse(json);
  }

  /** The recipe as it would be written, every default spelled out. */
  public Map<String, Object> toMap() {
    return RecipeJson.toMap(this);
  }
}
