package dev.mezzotint.model;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.files.SmallFile;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.DdpmSchedule;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The model card {@code model.json}: what {@code config.json} next to it cannot express. Immutable.
 * Pixels are in [−1, 1] for every model; the file states it for its readers.
 *
 * @param version empty: the weights' checksum serves as one
 * @param prediction what the network predicts
 * @param timestepScale the network receives α · timestepScale: 1 for networks from elsewhere, as in
 *     the paper's own code, 16 for ours, which distinguishes α well enough and keeps the field
 *     smooth in α
 * @param patch side of the squares of pixels that the network receives as one pixel, see {@link
 *     PatchedUNet}; 1 for a network that receives the images as they are
 * @param condition what follows x in the input, in order; empty without conditions
 * @param classes names of the class labels from 0 on; empty without classes or names
 * @param steps suggested number of α intervals
 * @param sampler suggested sampler
 * @param schedule suggested α schedule
 * @param noiseSchedule of the training of a network that predicts ε, or x1 in DDPM's way, with its
 *     input at unit variance; empty for all others
 * @param p0 where x0 comes from: {@link #GAUSSIAN}, {@link #IMAGES}, or a density of the plane
 * @param tuned tuned schedules, at most one for each number of steps
 * @param nullClass label that means "no class", for guidance; empty if training had none
 * @param data what the model was trained on, with owner and licence
 * @param licence of the weights
 * @param recipe how it was trained, free form
 * @param metrics measured quality, free form
 */
public record ModelCard(
    String name,
    Optional<String> version,
    Prediction prediction,
    double timestepScale,
    int patch,
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

  /** A schedule tuned for one model, see {@link dev.mezzotint.iadb.StepPlacement}. */
  public record TunedSteps(Solver solver, List<Double> alphas) {
    public TunedSteps {
      AlphaSchedule.listed(alphas); // refuses what is not a schedule
      alphas = List.copyOf(alphas);
    }

    public int steps() {
      return alphas.size() - 1;
    }

    private static TunedSteps parse(JsonObject json) {
      List<String> samplers = List.of(Solver.EULER.wireName(), Solver.AB2.wireName());
      Solver solver = json.word("sampler", samplers).map(Solver::parse).orElse(Solver.AB2);
      List<Double> alphas =
          json.numbers("alphas", TUNED_STEPS_MAX + 1, 0, 1)
              .orElseThrow(() -> json.refuse("alphas", "is missing: a list from 0 to 1"));
      json.refuseUnknown();
      try {
        return new TunedSteps(solver, alphas);
      } catch (IllegalArgumentException e) {
        throw json.refuse("alphas", "is not a schedule: " + e.getMessage());
      }
    }

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("sampler", solver.wireName());
      map.put("alphas", alphas);
      return map;
    }
  }

  /** The default {@link #p0}: standard normal values. */
  public static final String GAUSSIAN = "gaussian";

  /** The {@link #p0} of a model between two sets of images: sampling starts from an image. */
  public static final String IMAGES = "pictures";

  /** The {@link #p0} of {@code iadb.BlueNoise}. */
  public static final String BLUE_NOISE = "blue-noise";

  /** The {@link #p0} given by a grey image in the model's folder, {@code p0.png}. */
  public static final String DRAWN = "drawn";

  public static final String FILE = "model.json";

  private static final List<String> P0 =
      List.of(GAUSSIAN, BLUE_NOISE, IMAGES, "uniform", "triangle", "square", DRAWN);

  private static final int TUNED_MAX = 64;
  private static final int TUNED_STEPS_MAX = 256;
  private static final int PARTS_MAX = 64;
  private static final int CLASSES_MAX = 100_000;
  private static final int STEPS_MAX = 100_000;
  private static final double SCALE_MAX = 1e6;
  private static final int PYTHON_LINES_MAX = 16;
  private static final List<Double> PIXEL_RANGE = List.of(-1.0, 1.0);

  /**
   * @throws InvalidInputException naming the field as {@code model.json} spells it
   */
  public ModelCard {
    checkWord("name", name);
    version.ifPresent(word -> checkWord("version", word));
    sampler.ifPresent(word -> checkWord("sampler", word));
    schedule.ifPresent(word -> checkWord("schedule", word));
    if (!(timestepScale > 0 && timestepScale <= SCALE_MAX)) {
      throw InvalidInputException.of("timestepScale", "must be above 0 and at most %s", SCALE_MAX);
    }
    if (prediction == Prediction.EPSILON && noiseSchedule.isEmpty()) {
      throw InvalidInputException.of(
          "noiseSchedule", "is missing: prediction epsilon needs the betas of its training");
    }
    if (noiseSchedule.isPresent() && !prediction.mayHaveNoiseSchedule()) {
      throw InvalidInputException.of(
          "noiseSchedule", "is for predictions epsilon and x1, not for %s", prediction.wireName());
    }
    if (!P0.contains(p0)) {
      throw InvalidInputException.of("p0", "must be one of %s, not %s", P0, JsonObject.quote(p0));
    }
    tuned = List.copyOf(tuned);
    condition = List.copyOf(condition);
    classes = List.copyOf(classes);
    recipe = Collections.unmodifiableMap(new LinkedHashMap<>(recipe));
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  private static void checkWord(String field, String word) {
    if (!ModelReference.NAME.matcher(word).matches()) {
      throw InvalidInputException.of(
          field,
          "must begin with a letter or digit and have letters, digits, '.', '_'"
              + " and '-' only, not be %s",
          JsonObject.quote(word));
    }
  }

  /**
   * The card of a folder without one: the network predicts x1 − x0 and receives α itself, as in the
   * paper's code. Channels after x are an image where their number permits.
   */
  public static ModelCard defaultFor(String name, NetworkConfig config) {
    List<ConditionPart> condition = defaultCondition(config.conditionChannels());
    return new ModelCard(
        name,
        Optional.empty(),
        Prediction.DIRECTION,
        /* timestepScale= */ 1,
        config.patch(),
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

  /** The condition of channels that no card describes: an image where their number permits. */
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
        patch,
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

  /** With another tuned schedule, which replaces one with the same number of steps. */
  public ModelCard withTuned(TunedSteps schedule) {
    List<TunedSteps> all = new ArrayList<>(tuned);
    all.removeIf(old -> old.steps() == schedule.steps());
    all.add(schedule);
    all.sort(Comparator.comparingInt(TunedSteps::steps));
    return with(version, prediction, noiseSchedule, all, metrics);
  }

  public ModelCard withMetric(String key, Object value) {
    Map<String, Object> all = new LinkedHashMap<>(metrics);
    all.put(key, value);
    return with(version, prediction, noiseSchedule, tuned, all);
  }

  public ModelCard withPrediction(Prediction other, Optional<DdpmSchedule> betas) {
    return with(version, other, betas, tuned, metrics);
  }

  /** The tuned schedule of this number of steps, if there is one. */
  public Optional<AlphaSchedule> tunedSchedule(int steps) {
    return tuned.stream()
        .filter(schedule -> schedule.steps() == steps)
        .map(schedule -> AlphaSchedule.listed(schedule.alphas()))
        .findFirst();
  }

  /** The lines of Python that evaluate a network with a patch on images; empty without. */
  public List<String> pythonLines() {
    return patch > 1 ? PatchedUNet.pythonLines(patch) : List.of();
  }

  /**
   * The network of this card.
   *
   * @param stored what {@code config.json} describes: the network between the folds
   * @throws InvalidInputException naming {@code patch} or the key that does not fit it
   */
  public NetworkConfig network(NetworkConfig stored) {
    NetworkConfig network = stored.withPatch(patch);
    checkAgainst(network);
    return network;
  }

  /**
   * Checks that the card describes this network.
   *
   * @throws InvalidInputException naming the card's field that does not match
   */
  public void checkAgainst(NetworkConfig config) {
    refuseIf(
        patch != config.patch(), "patch", "is %s, but the network has %s", patch, config.patch());
    int described = condition.stream().mapToInt(ConditionPart::channels).sum();
    int wanted = Math.max(0, config.conditionChannels());
    if (described != wanted) {
      throw InvalidInputException.of(
          "condition",
          "describes %d channels, but config.json has in_channels %d and out_channels %d%s",
          described,
          config.inChannels() * patch * patch,
          config.outChannels() * patch * patch,
          patch == 1 ? "" : ", which is " + patch * patch + " for each channel of the images");
    }
    int labels = config.numClassEmbeds().orElse(0);
    if (config.classEmbedType() == UNetConfig.ClassEmbedding.TABLE && classes.size() > labels) {
      throw InvalidInputException.of(
          "classes",
          "has %d names, but config.json has num_class_embeds %d",
          classes.size(),
          labels);
    }
    if (nullClass.isPresent() && nullClass.getAsInt() >= labels) {
      throw InvalidInputException.of(
          "nullClass",
          "is %d, but config.json has num_class_embeds %d",
          nullClass.getAsInt(),
          labels);
    }
  }

  /**
   * {@link #parse} of a file.
   *
   * @throws InvalidInputException naming the field, or the file where it cannot be read
   */
  public static ModelCard read(Path file) {
    return SmallFile.readJson(file, ModelCard::parse);
  }

  /**
   * Reads a card. Unknown fields are refused: they could change the meaning.
   *
   * @throws InvalidInputException naming the field
   */
  public static ModelCard parse(JsonObject json) {
    json.numbers("pixelRange", 2, -1e6, 1e6)
        .filter(range -> !range.equals(PIXEL_RANGE))
        .ifPresent(
            range -> {
              throw json.refuse("pixelRange", "must be [-1, 1], not " + range);
            });
    json.strings("python", PYTHON_LINES_MAX); // for readers of the file
    List<String> predictions = List.of("direction", "x0", "x1", "epsilon");
    ModelCard card =
        new ModelCard(
            json.requiredString("name"),
            json.string("version"),
            json.word("prediction", predictions)
                .map(Prediction::parse)
                .orElseThrow(() -> json.refuse("prediction", "is missing: one of " + predictions)),
            json.number("timestepScale", 0, SCALE_MAX)
                .orElseThrow(() -> json.refuse("timestepScale", "is missing: a number")),
            json.integer("patch", 1, PatchedUNet.PATCH_MAX, 1),
            json.objects("condition", PARTS_MAX).orElse(List.of()).stream()
                .map(ConditionPart::parse)
                .toList(),
            json.strings("classes", CLASSES_MAX).orElse(List.of()),
            json.optionalInt("steps", 1, STEPS_MAX),
            json.string("sampler"),
            json.string("schedule"),
            json.object("noiseSchedule").map(ModelCard::parseNoiseSchedule),
            json.string("p0", GAUSSIAN),
            json.objects("tuned", TUNED_MAX).orElse(List.of()).stream()
                .map(TunedSteps::parse)
                .toList(),
            json.optionalInt("nullClass", 0, CLASSES_MAX),
            json.string("data", ""),
            json.string("licence", ""),
            json.object("recipe").map(JsonObject::toMap).orElse(Map.of()),
            json.object("metrics").map(JsonObject::toMap).orElse(Map.of()));
    json.refuseUnknown();
    return card;
  }

  private static DdpmSchedule parseNoiseSchedule(JsonObject json) {
    DdpmSchedule schedule = noiseSchedule(json);
    json.refuseUnknown();
    return schedule;
  }

  /** Reads the fields of diffusers' {@code scheduler_config.json}, which may have others. */
  static DdpmSchedule noiseSchedule(JsonObject json) {
    List<String> words =
        Arrays.stream(DdpmSchedule.Kind.values()).map(DdpmSchedule.Kind::wireName).toList();
    String word = json.word("beta_schedule", words).orElse("linear");
    try {
      return new DdpmSchedule(
          DdpmSchedule.Kind.values()[words.indexOf(word)],
          json.number("beta_start", 0, 1, DdpmSchedule.LINEAR.betaStart()),
          json.number("beta_end", 0, 1, DdpmSchedule.LINEAR.betaEnd()),
          json.integer("num_train_timesteps", 2, DdpmSchedule.STEPS_MAX, 1000));
    } catch (IllegalArgumentException e) {
      throw json.refuse("beta_start", "and beta_end: " + e.getMessage());
    }
  }

  /** The fields of {@code model.json}, in an order for human readers. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    version.ifPresent(word -> map.put("version", word));
    map.put("prediction", prediction.wireName());
    map.put("timestepScale", timestepScale);
    map.put("pixelRange", PIXEL_RANGE);
    if (patch > 1) {
      map.put("patch", patch);
      map.put("python", pythonLines());
    }
    if (!condition.isEmpty()) {
      map.put("condition", condition.stream().map(ConditionPart::toMap).toList());
    }
    if (!classes.isEmpty()) {
      map.put("classes", classes);
    }
    steps.ifPresent(count -> map.put("steps", count));
    sampler.ifPresent(word -> map.put("sampler", word));
    schedule.ifPresent(word -> map.put("schedule", word));
    noiseSchedule.ifPresent(betas -> map.put("noiseSchedule", toMap(betas)));
    if (!p0.equals(GAUSSIAN)) {
      map.put("p0", p0);
    }
    if (!tuned.isEmpty()) {
      map.put("tuned", tuned.stream().map(TunedSteps::toMap).toList());
    }
    nullClass.ifPresent(label -> map.put("nullClass", label));
    map.put("data", data);
    map.put("licence", licence);
    map.put("recipe", new LinkedHashMap<>(recipe));
    map.put("metrics", new LinkedHashMap<>(metrics));
    return map;
  }

  private static Map<String, Object> toMap(DdpmSchedule betas) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("beta_schedule", betas.kind().wireName());
    map.put("beta_start", betas.betaStart());
    map.put("beta_end", betas.betaEnd());
    map.put("num_train_timesteps", betas.steps());
    return map;
  }
}
