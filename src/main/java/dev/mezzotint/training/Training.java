package dev.mezzotint.training;

import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.DType;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.model.Weights;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.network.TrainingNetwork.StepResult;
import dev.mezzotint.training.checkpoint.Checkpoint;
import dev.mezzotint.training.recipe.Recipe;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A recipe and a data set become a model, in this process: the folder around the {@link
 * TrainingLoop}. Used by one thread.
 */
public final class Training {

  /** Who wants to know how far it is. Called on the training thread; must return quickly. */
  public interface Progress {
    /**
     * @param iteration steps done in all
     * @param loss of the last step
     */
    void stepped(long iteration, double loss);

    /**
     * @param gradientNorm of the last step, before clipping
     */
    default void stepped(long iteration, double loss, double gradientNorm) {
      stepped(iteration, loss);
    }

    /** Share of the steps' time that went by in waiting for pairs, so far. */
    default void waited(double share) {}

    /** Pairs of a model's own making so far, before the first step. */
    default void paired(int made, int count) {}

    /** Something was written: a checkpoint, a sample grid. */
    void wrote(String what, Path file);
  }

  /** Of the heap, for weights that are drawn there; the rest is needed for all else. */
  private static final double HEAP_SHARE_MAX = 0.8;

  private static final System.Logger LOG = System.getLogger(Training.class.getName());

  private final Recipe recipe;
  private final Pairs pairs;
  private final Device device;
  private final NetworkProgram program;
  private final Path out;
  private final TrainingFolder folder;
  private final @Nullable ModelFiles from;

  /**
   * From Gaussian noise to pictures.
   *
   * @param out becomes the model's folder
   * @throws InvalidInputException if recipe and pictures do not fit each other
   */
  public Training(Recipe recipe, ImageDataset data, Device device, Path out) {
    this(recipe, Pairs.of(recipe, data), device, out);
  }

  /**
   * @param out becomes the model's folder
   * @throws InvalidInputException if recipe and pairs do not fit each other
   */
  public Training(Recipe recipe, Pairs pairs, Device device, Path out) {
    this(recipe, pairs, /* from= */ null, device, out);
  }

  /**
   * @param from whose weights are the first step's, where the recipe says so
   * @param out becomes the model's folder
   * @throws InvalidInputException if recipe, pairs and model do not fit each other
   */
  public Training(Recipe recipe, Pairs pairs, @Nullable ModelFiles from, Device device, Path out) {
    check(recipe, pairs);
    if (recipe.from().isPresent() != (from != null)) {
      throw new IllegalArgumentException("from is " + recipe.from() + ", model is " + from);
    }
    this.from = from;
    this.recipe = recipe;
    this.out = out;
    this.pairs = pairs;
    this.device = device;
    this.program =
        NetworkProgram.of(
            recipe.network(),
            new Parameterization(recipe.prediction(), recipe.timestepScale(), Optional.empty()),
            recipe.optimizer().step());
    this.folder = new TrainingFolder(out, recipe, pairs);
    card(List.of(), 0).checkAgainst(recipe.network()); // now, not when the training is over
  }

  private static void check(Recipe recipe, Pairs pairs) {
    NetworkConfig network = recipe.network();
    if (pairs.size() == 1) {
      throw new InvalidInputException(
          "dataset", "dataset holds a single picture: training needs at least 2");
    }
    long widest = (long) Math.max(pairs.channels(), pairs.conditionChannels());
    long values = widest * pairs.height() * pairs.width();
    if (recipe.batchSize() * values > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "batchSize",
          "batchSize is %d, but of pictures of %d values %d is the most"
              .formatted(recipe.batchSize(), values, Integer.MAX_VALUE / values));
    }
    if (network.inChannels() != network.outChannels() + pairs.conditionChannels()) {
      throw new InvalidInputException(
          "network.in_channels",
          "network.in_channels is %d, but must be %d: out_channels, %d, and %d of conditions"
              .formatted(
                  network.inChannels(),
                  network.outChannels() + pairs.conditionChannels(),
                  network.outChannels(),
                  pairs.conditionChannels()));
    }
    if (pairs.channels() != network.outChannels()) {
      throw new InvalidInputException(
          "network.out_channels",
          "network.out_channels is "
              + network.outChannels()
              + ", but the pictures have "
              + pairs.channels()
              + " channels");
    }
    int size = recipe.data().size();
    if (pairs.height() != size || pairs.width() != size) {
      throw new InvalidInputException(
          "dataset.size",
          "dataset.size is %d, but the pictures are %dx%d"
              .formatted(size, pairs.width(), pairs.height()));
    }
    int wanted = network.numClassEmbeds().orElse(0);
    boolean drops = recipe.data().labelDropout() > 0;
    if (network.classEmbedType() == UNetConfig.ClassEmbedding.TABLE
        && pairs.classes().size() + (drops ? 1 : 0) != wanted) {
      throw new InvalidInputException(
          "network.num_class_embeds",
          "network.num_class_embeds is "
              + wanted
              + (drops ? ", one of them for no class" : "")
              + ", but the pictures have "
              + pairs.classes().size()
              + " classes: "
              + brief(pairs.classes()));
    }
  }

  private static String brief(List<String> names) {
    int shown = Math.min(names.size(), 10);
    return String.join(", ", names.subList(0, shown)) + (shown < names.size() ? ", ..." : "");
  }

  /**
   * Trains to the recipe's last step.
   *
   * @param resume continue where the folder's checkpoint stands, if there is one
   * @param stopping asked between steps; true ends with a checkpoint
   * @return steps done in all
   * @throws InvalidInputException if the folder holds something else than this training
   * @throws DivergedException when the loss is no longer a number
   */
  public long run(boolean resume, BooleanSupplier stopping, Progress progress)
      throws InterruptedException {
    return run(resume, stopping, progress, ReflowPairs.PartStore.NONE, /* publishEarly= */ true);
  }

  /**
   * A part of a training: goes on from the folder's checkpoint if there is one, and leaves a model
   * only after the last step.
   *
   * @param keeping of pairs of a model's own making, for the segments to come
   * @return steps done in all
   */
  long segment(BooleanSupplier stopping, Progress progress, ReflowPairs.PartStore keeping)
      throws InterruptedException {
    return run(/* resume= */ true, stopping, progress, keeping, /* publishEarly= */ false);
  }

  private long run(
      boolean resume,
      BooleanSupplier stopping,
      Progress progress,
      ReflowPairs.PartStore keeping,
      boolean publishEarly)
      throws InterruptedException {
    try (TrainingNetwork network = begin(resume);
        ReflowPairs made = reflowed(stopping, keeping, progress)) {
      if (made != null && !made.isComplete()) {
        return network.iteration(); // stopped before the first step of this run
      }
      // The state that came through the heap is several times as large as the network, and steps
      // allocate too little for the collector to run by itself.
      System.gc();
      Batches batches = new Batches(made == null ? pairs : made, recipe);
      long done =
          new TrainingLoop(recipe, network, batches, watcher(network, stopping, progress)).run();
      if (publishEarly || done == recipe.iterations()) {
        publish(network.ema(), done);
      }
      return done;
    }
  }

  /** On the device, where the checkpoint left it or at the first step. */
  private TrainingNetwork begin(boolean resume) {
    if (resume && Checkpoint.exists(folder.checkpoint())) {
      OptimizerState state = Checkpoint.read(folder.checkpoint(), recipe, program.weights());
      folder.resumeAt(state.iteration());
      return device.train(program, state);
    }
    folder.begin();
    return device.train(program, OptimizerState.initial(firstWeights()));
  }

  /** The pairs of the recipe's {@code reflow}, made if need be; null without. */
  private @Nullable ReflowPairs reflowed(
      BooleanSupplier stopping, ReflowPairs.PartStore keeping, Progress progress) {
    if (recipe.reflow().isEmpty()) {
      return null;
    }
    return ReflowPairs.make(
        pairs,
        recipe,
        Objects.requireNonNull(from),
        device,
        folder.reflowFile(Objects.requireNonNull(from)),
        stopping,
        keeping,
        progress::paired);
  }

  /** Better a word now than a process that dies of it, with all that it has in hand. */
  private void checkRoom() {
    long bytes = 0;
    for (long[] shape : program.weights().values()) {
      bytes += Float.BYTES * LongStream.of(shape).reduce(1, Math::multiplyExact);
    }
    long heap = Runtime.getRuntime().maxMemory();
    if (bytes > HEAP_SHARE_MAX * heap) {
      throw new DeviceMemoryException(
          "the network's first weights take %d MB of this JVM's heap, which has %d"
              .formatted(bytes >> 20, heap >> 20));
    }
  }

  private Map<String, Tensor> firstWeights() {
    if (from == null) {
      checkRoom();
      return program.initialWeights(recipe.seed());
    }
    Map<String, Tensor> weights = from.readWeights();
    try {
      Weights.check(weights, program.weights());
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          "from", "from: " + from.name() + " is not of this network: " + e.getMessage(), e);
    }
    ModelCard card = from.card();
    if (card.timestepScale() != recipe.timestepScale()
        || card.prediction() != recipe.prediction()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} was trained with timestepScale {1} and prediction {2}, this recipe says {3} and {4}:"
              + " the first steps go into changing that",
          from.name(),
          card.timestepScale(),
          card.prediction().wireName(),
          recipe.timestepScale(),
          recipe.prediction().wireName());
    }
    Map<String, Tensor> floats = new LinkedHashMap<>();
    weights.forEach((name, tensor) -> floats.put(name, tensor.to(DType.F32)));
    return floats;
  }

  /** The folder becomes a model as it stands, also where training was stopped early. */
  private void publish(Map<String, Tensor> ema, long done) {
    List<TrainingFolder.LogLine> log = folder.readLog();
    folder.writeBrokenFiles(pairs.brokenFiles());
    TrainingFolder.write(out.resolve("recipe.json"), JsonText.writePretty(recipe.toMap()));
    TrainingFolder.write(out.resolve("loss.png"), LossChart.png(recipe.name(), log));
    ModelFolder.write(out, recipe.network(), ema, card(log, done));
    // Last, as it may be cut off: after a signal there is little time.
    TrainingFolder.write(out.resolve("samples.png"), folder.preview(device, program, ema));
  }

  private ModelCard card(List<TrainingFolder.LogLine> log, long done) {
    Map<String, Object> metrics = new LinkedHashMap<>();
    if (from != null) {
      metrics.put("from", from.name() + "@" + from.version());
    }
    metrics.put("iterations", done);
    if (pairs.size() > 0) {
      metrics.put("pictures", pairs.size());
    }
    if (!pairs.brokenFiles().isEmpty()) {
      metrics.put("brokenFiles", pairs.brokenFiles().size());
    }
    metrics.put("picturesSeen", done * recipe.batchSize());
    metrics.put("lossOfLastHundredSteps", LossChart.lastMean(log, 100));
    Recipe.Card words = recipe.card();
    return new ModelCard(
        recipe.name(),
        words.version(),
        recipe.prediction(),
        recipe.timestepScale(),
        recipe.data().parts(),
        pairs.classes(),
        OptionalInt.of(words.steps()),
        Optional.of(words.sampler().wireName()),
        Optional.of("uniform"),
        /* noiseSchedule= */ Optional.empty(),
        p0(),
        /* tuned= */ List.of(),
        recipe.data().labelDropout() > 0
            ? OptionalInt.of(pairs.classes().size())
            : OptionalInt.empty(),
        words.data(),
        words.licence(),
        recipe.toMap(),
        metrics);
  }

  private String p0() {
    if (recipe.densities().isPresent()) {
      String word = recipe.densities().get().p0();
      return word.startsWith(Recipe.Densities.IMAGE) ? ModelCard.DRAWN : word;
    }
    if (recipe.data().p0Split().isPresent()) {
      return ModelCard.IMAGES;
    }
    return recipe.data().blueNoise() ? ModelCard.BLUE_NOISE : ModelCard.GAUSSIAN;
  }

  private TrainingLoop.Watcher watcher(
      TrainingNetwork network, BooleanSupplier stopping, Progress progress) {
    return new TrainingLoop.Watcher() {
      @Override
      public void stepped(long iteration, StepResult result) {
        folder.log(new TrainingFolder.LogLine(iteration, result.loss(), result.gradientNorm()));
        progress.stepped(iteration, result.loss(), result.gradientNorm());
      }

      @Override
      public void waited(double share) {
        progress.waited(share);
      }

      @Override
      public void checkpoint(long iteration) {
        folder.flushLog(); // first: a checkpoint's steps are all in the log
        Checkpoint.write(folder.checkpoint(), network, program.weights(), recipe);
        progress.wrote("checkpoint", folder.checkpoint());
      }

      @Override
      public void sample(long iteration) {
        progress.wrote("samples", folder.sample(device, program, network.ema(), iteration));
      }

      @Override
      public boolean stopping() {
        return stopping.getAsBoolean();
      }
    };
  }
}
