package dev.mezzotint.model;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.DdpmSchedule;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code config.json} cannot say about a model, from the file {@code model.json} beside it.
 * Immutable. Pixels are in [−1, 1] for every model; the file says so for its readers.
 *
 * @param version empty: the weights' checksum serves as one
 * @param prediction what the network's output stands for
 * @param timestepScale the network is fed α · timestepScale: 1 for networks from elsewhere, as in
 *     the paper's own code, 16 for ours, which tells α's apart well enough and keeps the field
 *     smooth in α
 * @param condition what stands in the input behind x, in order; empty for none
 * @param classes names of the class labels from 0 on; empty where there are none or no names
 * @param steps suggested number of α intervals
 * @param sampler suggested sampler
 * @param schedule suggested α schedule
 * @param noiseSchedule what a network that predicts ε was trained for; empty for all others
 * @param p0 where x0 comes from: {@link #GAUSSIAN}, {@link #IMAGES}, or a density of the plane
 * @param tuned steps placed for this model, at most one placement for each number of steps
 * @param nullClass the label that stands for no class, for guidance; empty where training had none
 * @param data what the model was trained on, whose that is and under which terms
 * @param licence of the weights
 * @param recipe how it was trained, free form
 * @param metrics measured quality, free form
 */
public record ModelCard(
    String name,
    Optional<String> version,
    Prediction prediction,
    double timestepScale,
    List<ConditionPart> condition,
    List<String> classes,
    OptionalInt steps,
    Optional<String> sampler,
    Optional<String> schedule,
    Optional<DdpmSchedule> noiseSchedule,
    String p0,
    List<TunedSteps> tuned,
    OptionalInt nullClass,
    String data,
    String licence,
    Map<String, Object> recipe,
    Map<String, Object> metrics) {

  /** Steps placed for one model, see {@link dev.mezzotint.iadb.StepPlacement}. */
  public record TunedSteps(Solver solver, List<Double> alphas) {
    public TunedSteps {
      AlphaSchedule.listed(alphas); // refuses what is none
      alphas = List.copyOf(alphas);
    }

    public int steps() {
      return alphas.size() - 1;
    }
  }

  /** The usual {@link #p0}: standard normal values. */
  public static final String GAUSSIAN = "gaussian";

  /** The {@link #p0} of a model between two sets of pictures: sampling begins at a picture. */
  public static final String IMAGES = "pictures";

  /** The {@link #p0} of {@code iadb.BlueNoise}. */
  public static final String BLUE_NOISE = "blue-noise";

  /** The {@link #p0} that a grey picture in the model's folder holds, {@code p0.png}. */
  public static final String DRAWN = "drawn";

  /** The card's file name. */
  public static final String FILE = "model.json";

  private static final List<String> P0 =
      List.of(GAUSSIAN, BLUE_NOISE, IMAGES, "uniform", "triangle", "square", DRAWN);

  static final int TUNED_MAX = 64;
  static final int TUNED_STEPS_MAX = 256;
  static final int PARTS_MAX = 64;
  static final int CLASSES_MAX = 100_000;
  static final int STEPS_MAX = 100_000;
  static final double SCALE_MAX = 1e6;
  static final List<Double> PIXEL_RANGE = List.of(-1.0, 1.0);

  /**
   * Checks the fields one by one.
   *
   * @throws InvalidInputException naming the field as {@code model.json} spells it
   */
  public ModelCard {
    checkWord("name", name);
    version.ifPresent(word -> checkWord("version", word));
    sampler.ifPresent(word -> checkWord("sampler", word));
    schedule.ifPresent(word -> checkWord("schedule", word));
    if (!(timestepScale > 0 && timestepScale <= SCALE_MAX)) {
      throw new InvalidInputException(
          "timestepScale", "timestepScale must be above 0 and at most " + SCALE_MAX);
    }
    if (noiseSchedule.isPresent() != (prediction == Prediction.EPSILON)) {
      throw new InvalidInputException(
          "noiseSchedule",
          noiseSchedule.isPresent()
              ? "noiseSchedule is for prediction epsilon, not for " + prediction.wireName()
              : "noiseSchedule is missing: prediction epsilon needs the betas of its training");
    }
    if (!P0.contains(p0)) {
      throw new InvalidInputException(
          "p0", "p0 must be one of " + P0 + ", not " + JsonObject.quote(p0));
    }
    tuned = List.copyOf(tuned);
    condition = List.copyOf(condition);
    classes = List.copyOf(classes);
    recipe = Collections.unmodifiableMap(new LinkedHashMap<>(recipe));
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  private static void checkWord(String field, String word) {
    if (!ModelReference.NAME.matcher(word).matches()) {
      throw new InvalidInputException(
          field,
          field
              + " must begin with a letter or digit and have letters, digits, '.', '_' and '-'"
              + " only, not be "
              + JsonObject.quote(word));
    }
  }

  /**
   * What holds for a folder without a card: the network predicts x1 − x0 and is fed α itself, as in
   * the paper's code. Channels behind x are a picture where their number says so.
   */
  public static ModelCard defaultFor(String name, NetworkConfig config) {
    List<ConditionPart> condition = defaultCondition(config.conditionChannels());
    return new ModelCard(
        name,
        Optional.empty(),
        Prediction.DIRECTION,
        /* timestepScale= */ 1,
        condition,
        List.of(),
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        GAUSSIAN,
        List.of(),
        OptionalInt.empty(),
        "",
        "",
        Map.of(),
        Map.of());
  }

  /** Condition channels that no card describes: a picture where their number says so. */
  public static List<ConditionPart> defaultCondition(int channels) {
    if (channels <= 0) {
      return List.of();
    }
    ConditionPart.Kind kind =
        switch (channels) {
          case 1 -> ConditionPart.Kind.GREY;
          case 3 -> ConditionPart.Kind.RGB;
          default -> ConditionPart.Kind.TENSOR;
        };
    return List.of(new ConditionPart("condition", kind, channels));
  }

  /** {@link #defaultFor(String, UNetConfig)} where the name does not matter. */
  public static ModelCard defaultFor(NetworkConfig config) {
    return defaultFor("model", config);
  }

  public ModelCard withVersion(String word) {
    return with(Optional.of(word), prediction, noiseSchedule, tuned, metrics);
  }

  private ModelCard with(
      Optional<String> version,
      Prediction prediction,
      Optional<DdpmSchedule> noiseSchedule,
      List<TunedSteps> tuned,
      Map<String, Object> metrics) {
    return new ModelCard(
        name,
        version,
        prediction,
        timestepScale,
        condition,
        classes,
        steps,
        sampler,
        schedule,
        noiseSchedule,
        p0,
        tuned,
        nullClass,
        data,
        licence,
        recipe,
        metrics);
  }

  /** With steps placed anew; those for other numbers of steps stay. */
  public ModelCard withTuned(TunedSteps placed) {
    List<TunedSteps> all = new ArrayList<>(tuned);
    all.removeIf(old -> old.steps() == placed.steps());
    all.add(placed);
    all.sort(Comparator.comparingInt(TunedSteps::steps));
    return with(version, prediction, noiseSchedule, all, metrics);
  }

  /** With one of its metrics measured anew. */
  public ModelCard withMetric(String key, Object value) {
    Map<String, Object> all = new LinkedHashMap<>(metrics);
    all.put(key, value);
    return with(version, prediction, noiseSchedule, tuned, all);
  }

  /** With another reading of the network's output. */
  public ModelCard withPrediction(Prediction other, Optional<DdpmSchedule> betas) {
    return with(version, other, betas, tuned, metrics);
  }

  /** Of so many steps, as placed for this model; empty where nobody has placed them. */
  public Optional<AlphaSchedule> tunedSchedule(int steps) {
    return tuned.stream()
        .filter(placed -> placed.steps() == steps)
        .map(placed -> AlphaSchedule.listed(placed.alphas()))
        .findFirst();
  }

  /**
   * Refuses a card that speaks of another network.
   *
   * @throws InvalidInputException naming the card's field
   */
  public void checkAgainst(NetworkConfig config) {
    int described = condition.stream().mapToInt(ConditionPart::channels).sum();
    int wanted = Math.max(0, config.conditionChannels());
    if (described != wanted) {
      throw new InvalidInputException(
          "condition",
          "condition describes %d channels, but config.json has in_channels %d and out_channels %d"
              .formatted(described, config.inChannels(), config.outChannels()));
    }
    int labels = config.numClassEmbeds().orElse(0);
    if (config.classEmbedType() == UNetConfig.ClassEmbedding.TABLE && classes.size() > labels) {
      throw new InvalidInputException(
          "classes",
          "classes has %d names, but config.json has num_class_embeds %d"
              .formatted(classes.size(), labels));
    }
    if (nullClass.isPresent() && nullClass.getAsInt() >= labels) {
      throw new InvalidInputException(
          "nullClass",
          "nullClass is %d, but config.json has num_class_embeds %d"
              .formatted(nullClass.getAsInt(), labels));
    }
  }

  /**
   * {@link #parse} of a file.
   *
   * @throws InvalidInputException naming the field, or the file where it cannot be read
   */
  public static ModelCard read(Path file) {
    return SmallFiles.readJson(file, ModelCard::parse);
  }

  /**
   * Reads a card and refuses what it does not know, which could change the meaning.
   *
   * @throws InvalidInputException naming the field
   */
  public static ModelCard parse(JsonObject json) {
    return ModelCardJson.parse(json);
  }

  /** The members of {@code model.json}, in the order in which a person reads them. */
  public Map<String, Object> toMap() {
    return ModelCardJson.toMap(this);
  }
}
