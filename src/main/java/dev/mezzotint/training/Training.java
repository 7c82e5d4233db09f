package dev.mezzotint.training;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.DType;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.training.checkpoint.Checkpoint;
import dev.mezzotint.training.recipe.Recipe;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model in this process: runs the {@link TrainingLoop} and keeps its files in a folder,
 * which becomes the model's folder. Used by one thread.
 */
public final class Training {

  /** Largest share of the heap that initial weights may take; all else needs the rest. */
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
   * @param from the model to start from; null unless the recipe names one
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
    modelCard(List.of(), 0).checkAgainst(recipe.network()); // now, not after the last step
  }

  private static void check(Recipe recipe, Pairs pairs) {
    NetworkConfig network = recipe.network();
    refuseIf(pairs.size() == 1, "dataset", "holds a single image: training needs at least 2");
    long widest = (long) Math.max(pairs.channels(), pairs.conditionChannels());
    long values = widest * pairs.height() * pairs.width();
    if (recipe.batchSize() * values > Integer.MAX_VALUE) {
      throw InvalidInputException.of(
          "batchSize",
          "is %d, but must be at most %3$d: each image has %2$d values",
          recipe.batchSize(),
          values,
          Integer.MAX_VALUE / values);
    }
    if (network.inChannels() != network.outChannels() + pairs.conditionChannels()) {
      throw InvalidInputException.of(
          "network.in_channels",
          "is %d, but must be %d: %d out_channels and %d condition channels",
          network.inChannels(),
          network.outChannels() + pairs.conditionChannels(),
          network.outChannels(),
          pairs.conditionChannels());
    }
    if (pairs.channels() != network.outChannels()) {
      throw InvalidInputException.of(
          "network.out_channels",
          "is %s, but the images have %s channels",
          network.outChannels(),
          pairs.channels());
    }
    int size = recipe.data().size();
    if (pairs.height() != size || pairs.width() != size) {
      throw InvalidInputException.of(
          "dataset.size", "is %d, but the images are %dx%d", size, pairs.width(), pairs.height());
    }
    int wanted = network.numClassEmbeds().orElse(0);
    boolean drops = recipe.data().labelDropout() > 0;
    if (network.classEmbedType() == UNetConfig.ClassEmbedding.TABLE
        && pairs.classes().size() + (drops ? 1 : 0) != wanted) {
      throw InvalidInputException.of(
          "network.num_class_embeds",
          "is %s%s, but the images have %s classes: %s",
          wanted,
          drops ? ", one of them for no class" : "",
          pairs.classes().size(),
          brief(pairs.classes()));
    }
  }

  private static String brief(List<String> names) {
    int shown = Math.min(names.size(), 10);
    return String.join(", ", names.subList(0, shown)) + (shown < names.size() ? ", ..." : "");
  }

  /**
   * Trains to the recipe's last step.
   *
   * @param resume continue from the folder's checkpoint, if there is one
   * @param stopping asked between steps; true ends the run early, with a checkpoint and a model
   * @return steps done in all
   * @throws InvalidInputException if the folder holds another training or a model
   * @throws DivergedException if the loss is no longer finite
   */
  public long run(boolean resume, BooleanSupplier stopping, TrainingObserver observer)
      throws InterruptedException {
    return run(resume, stopping, observer, ReflowPairs.PartStore.NONE, /* publishEarly= */ true);
  }

  /**
   * Runs one segment of a training: continues from the folder's checkpoint if there is one, and
   * writes a model only after the recipe's last step.
   *
   * @param partStore keeps reflow pairs for the segments to come
   * @return steps done in all
   */
  long runSegment(
      BooleanSupplier stopping, TrainingObserver observer, ReflowPairs.PartStore partStore)
      throws InterruptedException {
    return run(/* resume= */ true, stopping, observer, partStore, /* publishEarly= */ false);
  }

  private long run(
      boolean resume,
      BooleanSupplier stopping,
      TrainingObserver observer,
      ReflowPairs.PartStore partStore,
      boolean publishEarly)
      throws InterruptedException {
    try (TrainingNetwork network = load(resume);
        ReflowPairs reflow = reflowPairs(stopping, partStore, observer)) {
      if (reflow != null && !reflow.isComplete()) {
        return network.iteration(); // stopped before this run's first step
      }
      // The state that came through the heap is several times as large as the network, and steps
      // allocate too little for the collector to run by itself.
      System.gc();
      Batches batches = new Batches(reflow == null ? pairs : reflow, recipe);
      long done =
          new TrainingLoop(recipe, network, batches, output(network), observer).run(stopping);
      if (publishEarly || done == recipe.iterations()) {
        publish(network.ema(), done);
      }
      return done;
    }
  }

  /** Loads the network to the device, at the checkpoint's step or at step 0. */
  private TrainingNetwork load(boolean resume) {
    if (resume && Files.isRegularFile(folder.checkpoint())) {
      folder.checkUnchanged();
      OptimizerState state = Checkpoint.read(folder.checkpoint(), recipe, program.weights());
      folder.resumeAt(state.iteration());
      return device.train(program, state);
    }
    folder.create();
    return device.train(program, OptimizerState.initial(initialWeights()));
  }

  /** The pairs of the recipe's {@code reflow}, generated where missing; null without reflow. */
  private @Nullable ReflowPairs reflowPairs(
      BooleanSupplier stopping, ReflowPairs.PartStore partStore, TrainingObserver observer)
      throws InterruptedException {
    if (recipe.reflow().isEmpty()) {
      return null;
    }
    ModelFiles model = Objects.requireNonNull(from);
    checkTeacher(model.config());
    return ReflowPairs.generate(
        pairs, recipe, model, device, folder.reflowFile(model), stopping, partStore, observer);
  }

  /** With {@code fromStrict} false the network may be another, but not what it takes and gives. */
  private void checkTeacher(NetworkConfig teacher) {
    NetworkConfig network = recipe.network();
    if (teacher.inChannels() != network.inChannels()
        || teacher.outChannels() != network.outChannels()
        || !teacher.numClassEmbeds().equals(network.numClassEmbeds())) {
      throw new InvalidInputException(
          "from", "from: reflow needs a model of the same images, conditions and classes");
    }
  }

  /** Fails early with a clear message instead of running out of memory in the middle of a job. */
  private void checkHeap() {
    long bytes = 0;
    for (long[] shape : program.weights().values()) {
      bytes += Float.BYTES * LongStream.of(shape).reduce(1, Math::multiplyExact);
    }
    long heap = Runtime.getRuntime().maxMemory();
    if (bytes > HEAP_SHARE_MAX * heap) {
      throw new DeviceMemoryException(
          String.format(
              Locale.ROOT,
              "the network's initial weights take %d MB of this JVM's heap of %d MB",
              bytes >> 20,
              heap >> 20));
    }
  }

  private Map<String, Tensor> initialWeights() {
    if (from == null) {
      checkHeap();
      return program.initialWeights(recipe.seed());
    }
    Map<String, Tensor> weights;
    try {
      weights = recipe.fromStrict() ? from.readWeights(program.weights()) : fittingWeights(from);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          "from", "from: " + from.name() + " does not fit this network: " + e.getMessage(), e);
    }
    ModelCard card = from.card();
    if (card.noiseSchedule().isPresent()
        || card.timestepScale() != recipe.timestepScale()
        || card.prediction() != recipe.prediction()) {
      LOG.log(
          Level.WARNING,
          "{0} was trained with timestepScale {1} and prediction {2}, this recipe has {3} and {4}:"
              + " the first steps will be spent on adapting to that",
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

  /** The tensors of a model that fit by name and shape; the others start at random. */
  private Map<String, Tensor> fittingWeights(ModelFiles model) {
    Map<String, Tensor> weights = program.initialWeights(recipe.seed());
    Map<String, Tensor> theirs = model.readWeights(weights.keySet());
    List<String> random = new ArrayList<>();
    weights.replaceAll(
        (name, initial) -> {
          Tensor trained = theirs.get(name);
          if (trained != null && Arrays.equals(trained.shape(), initial.shape())) {
            return trained;
          }
          random.add(name);
          return initial;
        });
    if (random.size() == weights.size()) {
      throw new InvalidInputException("from", "no tensor fits by name and shape");
    }
    LOG.log(
        Level.INFO,
        "{0} of {1} tensors are taken from {2}, these start at random: {3}",
        weights.size() - random.size(),
        weights.size(),
        model.name(),
        String.join(", ", random));
    return weights;
  }

  /** Makes the folder a model, also where training was stopped early. */
  private void publish(Map<String, Tensor> ema, long done) {
    List<TrainingFolder.LogLine> log = folder.readLog();
    folder.writeBrokenFiles(pairs.brokenFiles());
    ModelFolder.writeFile(out.resolve("recipe.json"), JsonText.writePretty(recipe.toMap()));
    ModelFolder.writeFile(out.resolve("loss.png"), folder.lossChart(log));
    ModelFolder.write(out, recipe.network(), ema, modelCard(log, done));
    // Last, because it may be cut off: after a signal there is little time.
    ModelFolder.writeFile(out.resolve("samples.png"), folder.preview(device, program, ema));
  }

  private ModelCard modelCard(List<TrainingFolder.LogLine> log, long done) {
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
    metrics.put("lossOfLastHundredSteps", TrainingFolder.lastLoss(log));
    Recipe.Card card = recipe.card();
    return new ModelCard(
        recipe.name(),
        card.version(),
        recipe.prediction(),
        recipe.timestepScale(),
        recipe.network().patch(),
        recipe.data().parts(),
        pairs.classes(),
        OptionalInt.of(card.steps()),
        Optional.of(card.sampler().wireName()),
        Optional.of("uniform"),
        /* noiseSchedule= */ Optional.empty(),
        p0(),
        /* tuned= */ List.of(),
        recipe.data().labelDropout() > 0
            ? OptionalInt.of(pairs.classes().size())
            : OptionalInt.empty(),
        card.data(),
        card.licence(),
        recipe.toMap(),
        metrics);
  }

  private String p0() {
    if (recipe.densities().isPresent()) {
      String density = recipe.densities().get().p0();
      return density.startsWith(Recipe.Densities.IMAGE) ? ModelCard.DRAWN : density;
    }
    if (recipe.data().p0Split().isPresent()) {
      return ModelCard.IMAGES;
    }
    return recipe.data().blueNoise() ? ModelCard.BLUE_NOISE : ModelCard.GAUSSIAN;
  }

  private TrainingLoop.Output output(TrainingNetwork network) {
    return new TrainingLoop.Output() {
      @Override
      public void log(TrainingEvent.Step step) {
        folder.log(new TrainingFolder.LogLine(step.iteration(), step.loss(), step.gradientNorm()));
      }

      @Override
      public Path checkpoint(long iteration) {
        folder.flushLog(); // first, so that the log has all steps of the checkpoint
        Checkpoint.write(folder.checkpoint(), network, program.weights(), recipe);
        return folder.checkpoint();
      }

      @Override
      public Path sample(long iteration) {
        return folder.sample(device, program, network.ema(), iteration);
      }
    };
  }
}
