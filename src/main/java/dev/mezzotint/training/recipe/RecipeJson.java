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
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import dev.mezzotint.model.UNetConfig.TimeEmbedding;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.TrainStep.Loss;
import dev.mezzotint.training.recipe.Recipe.Card;
import dev.mezzotint.training.recipe.Recipe.Data;
import dev.mezzotint.training.recipe.Recipe.Densities;
import dev.mezzotint.training.recipe.Recipe.Optimizer;
import dev.mezzotint.training.recipe.Recipe.Reflow;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** {@link Recipe} from and to the keys of a recipe file. */
final class RecipeJson {
  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";
  private static final String NAME_RULE =
      "must be letters, digits, '.', '_' or '-', at most 64, a letter or digit first";

  private static final List<String> PRECISIONS =
      Arrays.stream(Precision.values()).map(Precision::wireName).toList();

  private RecipeJson() {}

  /** See {@link Recipe#parse}. */
  static Recipe parse(JsonObject json) {
    String name = json.requiredString("model");
    if (!name.matches(NAME)) {
      throw json.refuse("model", NAME_RULE);
    }
    NetworkConfig network = network(json);
    Optional<Densities> densities = densities(json, network);
    Data data = densities.isPresent() ? Data.none() : data(json, network);
    OptionalLong iterations = json.integer("iterations", 1, 1_000_000_000);
    Recipe recipe =
        new Recipe(
            name,
            json.string("from"),
            network,
            // ε belongs to DDPM's own training, which blends and weighs otherwise.
            json.word("prediction", List.of("direction", "x0", "x1"))
                .map(Prediction::parse)
                .orElse(Prediction.DIRECTION),
            json.number("timestepScale", 1e-3, 1e6, 1000),
            data,
            densities,
            optimizer(json),
            iterations.orElse(1),
            json.integer("batchSize", 1, 65_536, 32),
            alphaDensity(json),
            coupling(json, network, data),
            reflow(json),
            ema(json),
            json.integer("checkpointEvery", 1, 1_000_000_000L, 500L),
            json.integer("sampleEvery", 0, 1_000_000_000L, 500L),
            json.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE, 0L),
            card(json));
    json.refuseUnknown(); // first: a misspelt key is why the right one is missing
    if (iterations.isEmpty()) {
      throw json.refuse("iterations", "is missing: how many steps");
    }
    return recipe;
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
    keys.has("_diffusers_version"); // known, and says nothing about the network
    keys.refuseUnknown();
    if (network instanceof UNetConfig unet) {
      check(keys, unet);
    }
    return network;
  }

  private static void check(JsonObject keys, UNetConfig network) {
    if (network.dropout() != 0) {
      throw keys.refuse("dropout", "must be 0: training does not draw dropout masks");
    }
    if (network.outChannels() != 1 && network.outChannels() != 3) {
      throw keys.refuse(
          "out_channels", "must be 1 (grey) or 3 (colour), not " + network.outChannels());
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

  private static Optional<Densities> densities(JsonObject json, NetworkConfig network) {
    if (!(network instanceof MlpConfig)) {
      return Optional.empty();
    }
    if (json.has("dataset")) {
      throw json.refuse("dataset", "is not for a perceptron: give p0 and p1");
    }
    if (network.outChannels() != 2) {
      throw json.refuse("network.dimensions", "must be 2: densities are of the plane");
    }
    return Optional.of(new Densities(density(json, "p0"), density(json, "p1")));
  }

  private static String density(JsonObject json, String name) {
    String word = json.requiredString(name);
    if (!word.startsWith(Densities.IMAGE)) {
      try {
        Density.parse(word);
      } catch (IllegalArgumentException e) {
        throw json.refuse(name, "is " + e.getMessage() + ", or image:FILE");
      }
    }
    return word;
  }

  private static Data data(JsonObject json, NetworkConfig network) {
    JsonObject keys =
        json.object("dataset").orElseThrow(() -> json.refuse("dataset", "is missing"));
    Data data = DatasetJson.parse(keys, json.string("p0", ModelCard.GAUSSIAN));
    DatasetJson.check(data, network);
    return data;
  }

  private static Optimizer optimizer(JsonObject json) {
    JsonObject o = json.object("optimizer").orElse(JsonObject.parse("{}"));
    String kind = o.word("name", List.of("adam", "adamw")).orElse("adam");
    TrainStep standard = TrainStep.defaults();
    double decay = o.number("weightDecay", 0, 10, kind.equals("adamw") ? 0.01 : 0);
    if (kind.equals("adam") && decay != 0) {
      throw o.refuse("weightDecay", "needs optimizer.name adamw");
    }
    Optimizer optimizer =
        new Optimizer(
            o.number("learningRate", 1e-9, 10, 1e-4),
            o.integer("warmup", 0, 1_000_000_000L, 0L),
            o.word("schedule", List.of("constant", "cosine")).orElse("constant").equals("cosine"),
            new TrainStep(
                loss(json),
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

  private static Loss loss(JsonObject json) {
    String word = json.word("loss", List.of("mean", "sum", "huber")).orElse("mean");
    double delta = json.number("huberDelta", 1e-6, 1e6, 1);
    if (json.has("huberDelta") && !word.equals("huber")) {
      throw json.refuse("huberDelta", "needs loss huber");
    }
    return switch (word) {
      case "sum" -> new Loss.Sum();
      case "huber" -> new Loss.Huber(delta);
      default -> new Loss.Mean();
    };
  }

  /** Rows evaluated at once; 0 for the whole batch. */
  private static int microBatch(JsonObject json) {
    int batch = json.integer("batchSize", 1, 65_536, 32);
    int micro = json.integer("microBatch", 1, 65_536, batch);
    if (batch % micro != 0) {
      throw json.refuse("microBatch", "must divide batchSize, which is " + batch);
    }
    return micro == batch ? 0 : micro;
  }

  private static AlphaDensity alphaDensity(JsonObject json) {
    try {
      return AlphaDensity.parse(json.string("alphaDensity", AlphaDensity.UNIFORM.wireName()));
    } catch (IllegalArgumentException e) {
      throw json.refuse("alphaDensity", String.valueOf(e.getMessage()));
    }
  }

  private static Optional<Reflow> reflow(JsonObject json) {
    Optional<JsonObject> keys = json.object("reflow");
    if (keys.isEmpty()) {
      return Optional.empty();
    }
    if (!json.has("from")) {
      throw json.refuse("reflow", "needs from: the model whose paths are to be straightened");
    }
    JsonObject k = keys.get();
    Reflow reflow =
        new Reflow(
            k.integer("pairs", 1, 10_000_000, 20_000),
            k.integer("steps", 1, 1000, 64),
            k.word("sampler", Arrays.stream(Solver.values()).map(Solver::wireName).toList())
                .map(Solver::parse)
                .orElse(Solver.AB2));
    k.refuseUnknown();
    if (json.string("coupling").filter(Coupling.OPTIMAL_TRANSPORT.wireName()::equals).isPresent()) {
      throw json.refuse("coupling", "must be independent with reflow: its pairs belong together");
    }
    return Optional.of(reflow);
  }

  private static Coupling coupling(JsonObject json, NetworkConfig network, Data data) {
    Coupling coupling =
        json.word("coupling", Coupling.WIRE_NAMES)
            .map(Coupling::parse)
            .orElse(Coupling.INDEPENDENT);
    if (coupling == Coupling.OPTIMAL_TRANSPORT && data.p0Split().isPresent()) {
      throw json.refuse("coupling", "must be independent where p0 is a set of pictures");
    }
    if (coupling == Coupling.OPTIMAL_TRANSPORT && network.conditionChannels() > 0) {
      throw json.refuse(
          "coupling", "must be independent with conditions: x0 would tell of the condition");
    }
    return coupling;
  }

  private static Card card(JsonObject json) {
    JsonObject c = json.object("card").orElse(JsonObject.parse("{}"));
    Card card =
        new Card(
            c.string("version"),
            c.string("licence", ""),
            c.string("data", ""),
            c.integer("steps", 1, 1000, 32),
            c.word("sampler", Arrays.stream(Solver.values()).map(Solver::wireName).toList())
                .map(Solver::parse)
                .orElse(Solver.AB2));
    c.refuseUnknown();
    if (!card.version().map(word -> word.matches(NAME)).orElse(true)) {
      throw c.refuse("version", NAME_RULE); // now, not when the training is over
    }
    return card;
  }

  private static double ema(JsonObject json) {
    JsonObject ema = json.object("ema").orElse(JsonObject.parse("{}"));
    double decay = ema.number("decay", 0, 0.9999999, 0.999);
    ema.refuseUnknown();
    return decay;
  }

  private static String word(Loss loss) {
    if (loss instanceof Loss.Huber) {
      return "huber";
    }
    return loss instanceof Loss.Sum ? "sum" : "mean";
  }

  /** See {@link Recipe#toMap}. */
  static Map<String, Object> toMap(Recipe recipe) {
    Optimizer optimizer = recipe.optimizer();
    Data data = recipe.data();
    Card card = recipe.card();
    TrainStep step = optimizer.step();
    Map<String, Object> adam = new LinkedHashMap<>();
    adam.put("name", step.weightDecay() == 0 ? "adam" : "adamw");
    adam.put("learningRate", optimizer.learningRate());
    adam.put("warmup", optimizer.warmup());
    adam.put("schedule", optimizer.cosine() ? "cosine" : "constant");
    adam.put("beta1", step.beta1());
    adam.put("beta2", step.beta2());
    adam.put("epsilon", step.epsilon());
    adam.put("weightDecay", step.weightDecay());
    adam.put("clipNorm", step.clipNorm());
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", recipe.name());
    recipe.from().ifPresent(from -> map.put("from", from));
    map.put("network", recipe.network().toMap());
    map.put("timestepScale", recipe.timestepScale());
    map.put("prediction", recipe.prediction().wireName());
    if (recipe.densities().isPresent()) {
      map.put("p0", recipe.densities().get().p0());
      map.put("p1", recipe.densities().get().p1());
    } else {
      map.put("p0", DatasetJson.p0(data));
      map.put("dataset", DatasetJson.toMap(data));
    }
    map.put("optimizer", adam);
    map.put("loss", word(step.loss()));
    if (step.loss() instanceof Loss.Huber huber) {
      map.put("huberDelta", huber.delta());
    }
    map.put("iterations", recipe.iterations());
    map.put("batchSize", recipe.batchSize());
    if (!recipe.alphaDensity().equals(AlphaDensity.UNIFORM)) {
      map.put("alphaDensity", recipe.alphaDensity().wireName());
    }
    if (recipe.coupling() != Coupling.INDEPENDENT) {
      map.put("coupling", recipe.coupling().wireName());
    }
    recipe
        .reflow()
        .ifPresent(
            reflow ->
                map.put(
                    "reflow",
                    Map.of(
                        "pairs",
                        reflow.pairs(),
                        "steps",
                        reflow.steps(),
                        "sampler",
                        reflow.sampler().wireName())));
    if (step.microBatch() > 0) {
      map.put("microBatch", step.microBatch());
    }
    if (step.precision() != Precision.FLOAT32) {
      map.put("precision", step.precision().wireName());
    }
    map.put("ema", Map.of("decay", recipe.emaDecay()));
    map.put("checkpointEvery", recipe.checkpointEvery());
    map.put("sampleEvery", recipe.sampleEvery());
    map.put("seed", recipe.seed());
    Map<String, Object> words = new LinkedHashMap<>();
    card.version().ifPresent(version -> words.put("version", version));
    words.put("licence", card.licence());
    words.put("data", card.data());
    words.put("steps", card.steps());
    words.put("sampler", card.sampler().wireName());
    map.put("card", words);
    return map;
  }
}
