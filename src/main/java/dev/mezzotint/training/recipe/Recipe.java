package dev.mezzotint.training.recipe;

import dev.mezzotint.iadb.AlphaDensity;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.PatchedUNet;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import dev.mezzotint.model.UNetConfig.TimeEmbedding;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.TrainStep.Loss;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * How to train a model: everything except the images. Two runs of one recipe on one data set
 * compute the same steps. Immutable.
 *
 * @param name of the model to be produced
 * @param from model whose weights training starts from; empty for random weights
 * @param fromStrict whether every tensor of {@code from} must fit; otherwise those that fit by name
 *     and shape are taken, and the others start at random
 * @param network the U-Net, key for key as in diffusers' {@code config.json}, with the recipe's
 *     {@code patch}; or a perceptron
 * @param prediction what the network predicts: the direction x1 − x0, x0 or x1
 * @param timestepScale the network receives α·timestepScale
 * @param data which images; {@link DatasetSpec#NONE} where there are densities instead
 * @param densities of the plane, for a perceptron
 * @param iterations optimizer steps in all
 * @param batchSize images per step
 * @param alphaDensity distribution of α
 * @param coupling which x0 of a batch is paired with which x1
 * @param reflow pairs that {@code from} generates, instead of independent ones; empty without
 * @param emaDecay share of the moving average that each step keeps, after its warm-up
 * @param checkpointEvery steps between checkpoints
 * @param sampleEvery steps between sample grids; 0 for none
 * @param seed of weights, order, flips, α and noise
 * @param card fields of the model card that training cannot know
 */
public record Recipe(
    String name,
    Optional<String> from,
    boolean fromStrict,
    NetworkConfig network,
    Prediction prediction,
    double timestepScale,
    DatasetSpec data,
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

  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";
  private static final String NAME_RULE =
      "must be letters, digits, '.', '_' or '-', at most 64, a letter or digit first";

  private static final String PREDICTION_LOSS = "prediction";
  private static final String DIRECTION_LOSS = "direction";

  private static final List<String> PRECISIONS =
      Arrays.stream(Precision.values()).map(Precision::wireName).toList();

  /**
   * Fields of the model card.
   *
   * @param version of the model; empty: its weights' checksum serves as one
   * @param licence of the weights
   * @param data owner and licence of the images
   * @param steps suggested number of α intervals
   * @param sampler suggested solver
   */
  public record Card(
      Optional<String> version, String licence, String data, int steps, Solver sampler) {

    private static Card parse(JsonObject json) {
      JsonObject c = json.object("card").orElse(JsonObject.parse("{}"));
      Card card =
          new Card(
              c.string("version"),
              c.string("licence", ""),
              c.string("data", ""),
              c.integer("steps", 1, 1000, 32),
              solver(c));
      c.refuseUnknown();
      if (!card.version().map(word -> word.matches(NAME)).orElse(true)) {
        throw c.refuse("version", NAME_RULE); // now, not after the last step
      }
      return card;
    }

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      version.ifPresent(word -> map.put("version", word));
      map.put("licence", licence);
      map.put("data", data);
      map.put("steps", steps);
      map.put("sampler", sampler.wireName());
      return map;
    }
  }

  /**
   * Reflow: training on pairs that a model generates.
   *
   * @param pairs number of pairs, 1 to 10,000,000
   * @param steps α intervals to generate each
   */
  public record Reflow(int pairs, int steps, Solver sampler) {

    private static Optional<Reflow> parse(JsonObject json) {
      Optional<JsonObject> keys = json.object("reflow");
      if (keys.isEmpty()) {
        return Optional.empty();
      }
      json.refuseIf(
          !json.has("from"), "reflow", "needs from: the model whose paths are straightened");
      JsonObject k = keys.get();
      Reflow reflow =
          new Reflow(
              k.integer("pairs", 1, 10_000_000, 20_000),
              k.integer("steps", 1, 1000, 64),
              solver(k));
      k.refuseUnknown();
      if (json.string("coupling")
          .filter(Coupling.OPTIMAL_TRANSPORT.wireName()::equals)
          .isPresent()) {
        throw json.refuse("coupling", "must be independent with reflow: its pairs belong together");
      }
      return Optional.of(reflow);
    }
  }

  /**
   * Two densities of the plane, each in the syntax of {@code iadb.Density.parse} or {@code
   * image:FILE}, a grey image in the data folder.
   */
  public record Densities(String p0, String p1) {
    /** Prefix of the name of an image that is read as a density. */
    public static final String IMAGE = "image:";

    /** Names of the images among them. */
    public List<String> images() {
      return Stream.of(p0, p1)
          .filter(word -> word.startsWith(IMAGE))
          .map(word -> word.substring(IMAGE.length()))
          .toList();
    }

    static Optional<Densities> parse(JsonObject json, NetworkConfig network) {
      if (!(network instanceof MlpConfig)) {
        return Optional.empty();
      }
      json.refuseIf(json.has("dataset"), "dataset", "is not for a perceptron: give p0 and p1");
      if (network.outChannels() != 2) {
        throw json.refuse("network.dimensions", "must be 2: densities are of the plane");
      }
      return Optional.of(new Densities(density(json, "p0"), density(json, "p1")));
    }

    private static String density(JsonObject json, String name) {
      String word = json.requiredString(name);
      if (!word.startsWith(IMAGE)) {
        try {
          Density.parse(word);
        } catch (IllegalArgumentException e) {
          throw json.refuse(name, "is " + e.getMessage() + ", or image:FILE");
        }
      }
      return word;
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

    private static Optimizer parse(JsonObject json) {
      JsonObject o = json.object("optimizer").orElse(JsonObject.parse("{}"));
      String kind = o.word("name", List.of("adam", "adamw")).orElse("adam");
      TrainStep standard = TrainStep.defaults();
      double decay = o.number("weightDecay", 0, 10, kind.equals("adamw") ? 0.01 : 0);
      o.refuseIf(kind.equals("adam") && decay != 0, "weightDecay", "needs optimizer.name adamw");
      Optimizer optimizer =
          new Optimizer(
              o.number("learningRate", 1e-9, 10, 1e-4),
              o.integer("warmup", 0, 1_000_000_000L, 0L),
              o.word("schedule", List.of("constant", "cosine")).orElse("constant").equals("cosine"),
              new TrainStep(
                  loss(json),
                  directionLoss(json),
                  o.number("beta1", 0, 0.999999, standard.beta1()),
                  o.number("beta2", 0, 0.999999, standard.beta2()),
                  o.number("epsilon", 1e-16, 1, standard.epsilon()),
                  decay,
                  o.number("clipNorm", 0, 1e9, 0),
                  microBatch(json),
                  json.word("precision", PRECISIONS)
                      .map(word -> Precision.values()[PRECISIONS.indexOf(word)])
                      .orElse(Precision.FLOAT32)));
      o.refuseUnknown();
      return optimizer;
    }

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", step.weightDecay() == 0 ? "adam" : "adamw");
      map.put("learningRate", learningRate);
      map.put("warmup", warmup);
      map.put("schedule", cosine ? "cosine" : "constant");
      map.put("beta1", step.beta1());
      map.put("beta2", step.beta2());
      map.put("epsilon", step.epsilon());
      map.put("weightDecay", step.weightDecay());
      map.put("clipNorm", step.clipNorm());
      return map;
    }
  }

  /**
   * The decay of the moving average at a step. It is smaller at first, so that the average forgets
   * the random start.
   */
  public double emaDecay(long iteration) {
    return Math.min(emaDecay, (1.0 + iteration) / (10.0 + iteration));
  }

  /** Refuses unknown fields, bad ranges and impossible combinations by the field's name. */
  public static Recipe parse(JsonObject json) {
    String name = json.requiredString("model");
    if (!name.matches(NAME)) {
      throw json.refuse("model", NAME_RULE);
    }
    NetworkConfig network = network(json);
    Optional<Densities> densities = Densities.parse(json, network);
    DatasetSpec data = densities.isPresent() ? DatasetSpec.NONE : dataset(json, network);
    OptionalLong iterations = json.integer("iterations", 1, 1_000_000_000);
    Recipe recipe =
        new Recipe(
            name,
            json.string("from"),
            fromStrict(json),
            network,
            // Not ε, which belongs to DDPM's training: that mixes and weighs differently.
            json.word("prediction", List.of("direction", "x0", "x1"))
                .map(Prediction::parse)
                .orElse(Prediction.DIRECTION),
            json.number("timestepScale", 1e-3, 1e6, 1000),
            data,
            densities,
            Optimizer.parse(json),
            iterations.orElse(1),
            json.integer("batchSize", 1, 65_536, 32),
            alphaDensity(json),
            coupling(json, network, data),
            Reflow.parse(json),
            emaDecay(json),
            json.integer("checkpointEvery", 1, 1_000_000_000L, 500L),
            json.integer("sampleEvery", 0, 1_000_000_000L, 500L),
            json.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE, 0L),
            Card.parse(json));
    json.refuseUnknown(); // first: a misspelt field is why the right one is missing
    json.refuseIf(iterations.isEmpty(), "iterations", "is missing: how many steps");
    return recipe;
  }

  private static boolean fromStrict(JsonObject json) {
    boolean strict = json.bool("fromStrict", true);
    json.refuseIf(!strict && !json.has("from"), "fromStrict", "can be false only with from");
    return strict;
  }

  private static NetworkConfig network(JsonObject json) {
    JsonObject keys =
        json.object("network")
            .orElseThrow(() -> json.refuse("network", "is missing: the network's configuration"));
    NetworkConfig network;
    try {
      network = NetworkConfig.parse(keys);
    } catch (InvalidInputException e) {
      if (e.field().startsWith("network.")) {
        throw e;
      }
      throw new InvalidInputException("network." + e.field(), "network." + e.getMessage(), e);
    }
    keys.has("_diffusers_version"); // known, and irrelevant
    keys.refuseUnknown();
    int patch = patch(json);
    if (network instanceof UNetConfig unet) {
      check(keys, unet, patch * patch);
    }
    return network.withPatch(patch);
  }

  private static int patch(JsonObject json) {
    int patch = json.integer("patch", 1, PatchedUNet.PATCH_MAX, 1);
    json.refuseIf(
        Integer.bitCount(patch) != 1, "patch", "must be a power of two, such as 2, not %s", patch);
    return patch;
  }

  /**
   * @param squares channels of the network for each channel of the images
   */
  private static void check(JsonObject keys, UNetConfig network, int squares) {
    keys.refuseIf(
        network.dropout() != 0, "dropout", "must be 0: training does not draw dropout masks");
    if (network.outChannels() != squares && network.outChannels() != 3 * squares) {
      throw keys.refuse(
          "out_channels",
          "must be "
              + squares
              + " (grey) or "
              + 3 * squares
              + (" (colour)" + (squares == 1 ? "" : " with this patch"))
              + (", not " + network.outChannels()));
    }
    if (network.inChannels() % squares != 0) {
      throw keys.refuse(
          "in_channels",
          "must be a multiple of " + squares + " with this patch, not " + network.inChannels());
    }
    if (network.timeEmbeddingType() == TimeEmbedding.FOURIER) {
      throw keys.refuse(
          "time_embedding_type",
          "must not be fourier: it takes the logarithm of a timestep, which is 0 at alpha 0");
    }
    if (network.classEmbedType() == ClassEmbedding.IDENTITY) {
      throw keys.refuse("class_embed_type", "must not be identity: classes are labels here");
    }
  }

  private static DatasetSpec dataset(JsonObject json, NetworkConfig network) {
    JsonObject keys =
        json.object("dataset").orElseThrow(() -> json.refuse("dataset", "is missing"));
    DatasetSpec spec = DatasetSpec.parse(keys, json.string("p0", ModelCard.GAUSSIAN));
    spec.check(network);
    return spec;
  }

  private static Solver solver(JsonObject json) {
    return json.word("sampler", Arrays.stream(Solver.values()).map(Solver::wireName).toList())
        .map(Solver::parse)
        .orElse(Solver.AB2);
  }

  private static Loss loss(JsonObject json) {
    String word = json.word("loss", List.of("mean", "sum", "huber")).orElse("mean");
    double delta = json.number("huberDelta", 1e-6, 1e6, 1);
    json.refuseIf(
        json.has("huberDelta") && !word.equals("huber"), "huberDelta", "needs loss huber");
    return switch (word) {
      case "sum" -> new Loss.Sum();
      case "huber" -> new Loss.Huber(delta);
      default -> new Loss.Mean();
    };
  }

  private static boolean directionLoss(JsonObject json) {
    boolean direction =
        json.word("lossSpace", List.of(PREDICTION_LOSS, DIRECTION_LOSS))
            .orElse(PREDICTION_LOSS)
            .equals(DIRECTION_LOSS);
    if (direction && json.string("prediction", "direction").equals("direction")) {
      throw json.refuse("lossSpace", "direction needs prediction x0 or x1");
    }
    return direction;
  }

  /** Rows evaluated at once; 0 for the whole batch. */
  private static int microBatch(JsonObject json) {
    int batch = json.integer("batchSize", 1, 65_536, 32);
    int micro = json.integer("microBatch", 1, 65_536, batch);
    json.refuseIf(batch % micro != 0, "microBatch", "must divide batchSize, which is %s", batch);
    return micro == batch ? 0 : micro;
  }

  private static AlphaDensity alphaDensity(JsonObject json) {
    try {
      return AlphaDensity.parse(json.string("alphaDensity", AlphaDensity.UNIFORM.wireName()));
    } catch (IllegalArgumentException e) {
      throw json.refuse("alphaDensity", String.valueOf(e.getMessage()));
    }
  }

  private static Coupling coupling(JsonObject json, NetworkConfig network, DatasetSpec data) {
    Coupling coupling =
        json.word("coupling", Coupling.WIRE_NAMES)
            .map(Coupling::parse)
            .orElse(Coupling.INDEPENDENT);
    if (coupling == Coupling.OPTIMAL_TRANSPORT && data.p0Split().isPresent()) {
      throw json.refuse("coupling", "must be independent where p0 is a set of images");
    }
    if (coupling == Coupling.OPTIMAL_TRANSPORT && network.conditionChannels() > 0) {
      throw json.refuse(
          "coupling", "must be independent with conditions: x0 would depend on the condition");
    }
    return coupling;
  }

  private static double emaDecay(JsonObject json) {
    JsonObject ema = json.object("ema").orElse(JsonObject.parse("{}"));
    double decay = ema.number("decay", 0, 0.9999999, 0.999);
    ema.refuseUnknown();
    return decay;
  }

  private static String wireName(Loss loss) {
    if (loss instanceof Loss.Huber) {
      return "huber";
    }
    return loss instanceof Loss.Sum ? "sum" : "mean";
  }

  /** The recipe's JSON, with all defaults spelled out. */
  public Map<String, Object> toMap() {
    TrainStep step = optimizer.step();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", name);
    from.ifPresent(model -> map.put("from", model));
    if (!fromStrict) {
      map.put("fromStrict", false);
    }
    map.put("network", network.toMap());
    if (network.patch() > 1) {
      map.put("patch", network.patch());
    }
    map.put("timestepScale", timestepScale);
    map.put("prediction", prediction.wireName());
    if (densities.isPresent()) {
      map.put("p0", densities.get().p0());
      map.put("p1", densities.get().p1());
    } else {
      map.put("p0", data.p0());
      map.put("dataset", data.toMap());
    }
    map.put("optimizer", optimizer.toMap());
    map.put("loss", wireName(step.loss()));
    if (step.loss() instanceof Loss.Huber huber) {
      map.put("huberDelta", huber.delta());
    }
    if (step.directionLoss()) {
      map.put("lossSpace", DIRECTION_LOSS);
    }
    map.put("iterations", iterations);
    map.put("batchSize", batchSize);
    if (!alphaDensity.equals(AlphaDensity.UNIFORM)) {
      map.put("alphaDensity", alphaDensity.wireName());
    }
    if (coupling != Coupling.INDEPENDENT) {
      map.put("coupling", coupling.wireName());
    }
    reflow.ifPresent(
        r ->
            map.put(
                "reflow",
                Map.of("pairs", r.pairs(), "steps", r.steps(), "sampler", r.sampler().wireName())));
    if (step.microBatch() > 0) {
      map.put("microBatch", step.microBatch());
    }
    if (step.precision() != Precision.FLOAT32) {
      map.put("precision", step.precision().wireName());
    }
    map.put("ema", Map.of("decay", emaDecay));
    map.put("checkpointEvery", checkpointEvery);
    map.put("sampleEvery", sampleEvery);
    map.put("seed", seed);
    map.put("card", card.toMap());
    return map;
  }
}
