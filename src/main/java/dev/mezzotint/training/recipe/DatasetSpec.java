package dev.mezzotint.training.recipe;

import dev.mezzotint.dataset.Condition;
import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.DatasetOptions.Kind;
import dev.mezzotint.dataset.Pairing;
import dev.mezzotint.image.Palette;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The data set of a recipe: which images, and how they are read. Immutable.
 *
 * @param split folder inside the data set, such as {@code train}; empty for all
 * @param p0Split folder inside the data set whose images are x0; empty for noise
 * @param size height and width in pixels after area resize and centre crop, or of random crops
 * @param flip whether images are mirrored left to right, drawn at each use
 * @param randomCrop whether a part of each image is taken at its own scale, drawn at each use, with
 *     the same part of its conditions
 * @param labels where class labels come from: {@code none}, {@code folder}, {@code prefix} or
 *     {@code file}
 * @param labelDropout share of images whose label is replaced by an additional "no class" label
 *     after the others, which class guidance needs; 0 for never
 * @param blueNoise whether the noise of x0 is blue noise
 * @param files kind of files that the set consists of
 * @param pairing where each image's conditions are; empty without conditions
 * @param conditionDropout share of images whose conditions are all zero, which guidance by
 *     conditions needs; 0 for never
 * @param classNames of the labels in an IDX file, in the order of their numbers; empty: the numbers
 * @param brokenMax share of files that may be broken
 */
public record DatasetSpec(
    Optional<String> split,
    Optional<String> p0Split,
    int size,
    boolean flip,
    boolean randomCrop,
    String labels,
    double labelDropout,
    boolean blueNoise,
    Kind files,
    Optional<Pairing> pairing,
    double conditionDropout,
    List<String> classNames,
    double brokenMax) {
  private static final String RANDOM = "random";
  private static final int CONDITIONS_MAX = 16;
  private static final int CLASSES_MAX = 256;

  /** Wire names of the layouts with conditions. */
  private static final Map<String, Pairing.Layout> PAIRED = new LinkedHashMap<>();

  static {
    PAIRED.put("twins", Pairing.Layout.TWINS);
    PAIRED.put("left-right", Pairing.Layout.CONDITION_LEFT);
    PAIRED.put("right-left", Pairing.Layout.CONDITION_RIGHT);
  }

  /** Of a recipe without images: points, as images of one pixel. */
  static final DatasetSpec NONE = parse(JsonObject.parse("{\"size\": 1}"), ModelCard.GAUSSIAN);

  /**
   * Refuses unknown fields, bad ranges and impossible combinations by the field's name.
   *
   * @param p0 {@code gaussian}, {@code blue-noise}, or {@code split:NAME} for the images of another
   *     folder of the set
   */
  public static DatasetSpec parse(JsonObject json, String p0) {
    int size =
        (int)
            json.integer("size", 1, 4096)
                .orElseThrow(() -> json.refuse("size", "is missing: pixels per side"));
    List<String> layouts = new ArrayList<>(List.of("pictures", "idx"));
    layouts.addAll(PAIRED.keySet());
    Optional<String> layout = json.word("layout", layouts);
    DatasetSpec spec =
        new DatasetSpec(
            json.string("split"),
            p0Split(p0),
            size,
            json.bool("flip", false),
            json.word("crop", List.of("centre", RANDOM)).orElse("centre").equals(RANDOM),
            json.word("labels", List.of("none", "folder", "prefix", "file")).orElse("none"),
            json.number("labelDropout", 0, 0.9, 0),
            p0.equals(ModelCard.BLUE_NOISE),
            layout.map(word -> word.equals("idx") ? Kind.IDX : Kind.IMAGES).orElse(Kind.ANY),
            pairing(json, layout),
            json.number("conditionDropout", 0, 0.9, 0),
            json.strings("classes", CLASSES_MAX).orElse(List.of()),
            json.number("brokenMax", 0, 1, DatasetOptions.BROKEN_MAX_DEFAULT));
    json.refuseUnknown();
    spec.check(json);
    return spec;
  }

  private void check(JsonObject json) {
    json.refuseIf(
        conditionDropout > 0 && pairing.isEmpty(), "conditionDropout", "needs a condition");
    if (pairing.isPresent() && p0Split.isPresent()) {
      throw json.refuse("condition", "is for p0 gaussian or blue-noise");
    }
    json.refuseIf(randomCrop && files == Kind.IDX, "crop", "must be centre in the layout idx");
    boolean file = labels.equals("file");
    if (file && (files == Kind.IMAGES)) {
      throw json.refuse("labels", "must not be file in this layout: that is for idx");
    }
    if (!classNames.isEmpty() && !file) {
      throw json.refuse("classes", "is for labels file: folders and prefixes have names");
    }
    json.refuseIf(
        new HashSet<>(classNames).size() != classNames.size(), "classes", "holds a name twice");
  }

  private static Optional<Pairing> pairing(JsonObject json, Optional<String> layout) {
    Optional<Pairing.Layout> paired = layout.map(PAIRED::get);
    if (paired.isEmpty()) {
      for (String key : new String[] {"condition", "target"}) {
        json.refuseIf(json.has(key), key, "needs dataset.layout: one of %s", PAIRED.keySet());
      }
      return Optional.empty();
    }
    boolean twins = paired.get() == Pairing.Layout.TWINS;
    json.refuseIf(!twins && json.has("target"), "target", "is for the layout twins");
    List<JsonObject> given =
        json.isList("condition")
            ? json.objects("condition", CONDITIONS_MAX).orElse(List.of())
            : json.object("condition").map(List::of).orElse(List.of());
    json.refuseIf(given.isEmpty(), "condition", "is missing: the other half of each pair");
    if (!twins && given.size() > 1) {
      throw json.refuse("condition", "must be one in the layout " + layout.get());
    }
    String target = json.string("target", Pairing.TARGET);
    List<Condition> conditions = given.stream().map(c -> condition(c, twins)).toList();
    Set<String> names = new HashSet<>();
    for (Condition condition : conditions) {
      json.refuseIf(
          !names.add(condition.name()), "condition", "has two of the name %s", condition.name());
    }
    try {
      return Optional.of(new Pairing(paired.get(), target, conditions));
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          json.path(e.field()), json.path("") + String.valueOf(e.getMessage()), e);
    }
  }

  private static Condition condition(JsonObject json, boolean twins) {
    String kind =
        json.word("kind", List.of("rgb", "grey", "labels"))
            .orElseThrow(() -> json.refuse("kind", "is missing: rgb, grey or labels"));
    boolean labels = kind.equals("labels");
    Optional<Palette> palette = ConditionPart.parsePalette(json, "palette");
    if (labels != palette.isPresent()) {
      throw json.refuse(
          "palette", labels ? "is missing: the colours of the label maps" : "is for kind labels");
    }
    json.refuseIf(!labels && json.has("nearest"), "nearest", "is for kind labels");
    json.refuseIf(!twins && json.has("folder"), "folder", "is for the layout twins");
    Condition condition =
        new Condition(
            json.string("name", "condition"),
            json.string("folder", Condition.FOLDER),
            palette,
            json.bool("nearest", false),
            palette.map(Palette::classes).orElse(kind.equals("rgb") ? 3 : 1));
    json.refuseUnknown();
    return condition;
  }

  /** Refuses a data set that the network cannot be trained on. */
  void check(NetworkConfig network) {
    if (size % network.sizeMultiple() != 0) {
      throw refuse(
          "size",
          "must be a multiple of "
              + network.sizeMultiple()
              + " for this network"
              + (network.patch() == 1 ? "" : " with patch " + network.patch()));
    }
    if (network.sampleWidth().isPresent() || network.sampleSize().orElse(0) != size) {
      throw InvalidInputException.of(
          "network.sample_size",
          "must be %s, which is dataset.size%s: it is published",
          size / network.patch(),
          network.patch() == 1 ? "" : " divided by patch");
    }
    int channels = parts().stream().mapToInt(ConditionPart::channels).sum();
    if (network.inChannels() != network.outChannels() + channels) {
      int squares = network.patch() * network.patch();
      throw InvalidInputException.of(
          "network.in_channels",
          "is %d, but must be %d: out_channels, %d, and the %d channels of %s%s",
          squares * network.inChannels(),
          squares * (network.outChannels() + channels),
          squares * network.outChannels(),
          channels,
          channels == 0 ? "no dataset.condition" : "dataset.condition",
          squares == 1 ? "" : ", times " + squares + " by patch");
    }
    boolean classes = network.classEmbedType() != ClassEmbedding.NONE;
    boolean labelled = !labels.equals("none");
    if (classes && !labelled) {
      throw refuse("labels", "must be folder, prefix or file: the network takes classes");
    }
    if (labelDropout > 0 && network.classEmbedType() != ClassEmbedding.TABLE) {
      throw refuse("labelDropout", "needs a network with num_class_embeds");
    }
    if (labelled && !classes) {
      throw refuse("labels", "must be none: the network takes no classes");
    }
  }

  private static InvalidInputException refuse(String key, String what) {
    return new InvalidInputException("dataset." + key, "dataset." + key + " " + what);
  }

  private static Optional<String> p0Split(String word) {
    if (word.equals(ModelCard.GAUSSIAN) || word.equals(ModelCard.BLUE_NOISE)) {
      return Optional.empty();
    }
    if (!word.startsWith("split:") || word.length() == "split:".length()) {
      throw InvalidInputException.of(
          "p0", "must be gaussian, blue-noise or split:NAME, not %s", JsonObject.quote(word));
    }
    return Optional.of(word.substring("split:".length()));
  }

  /**
   * How to read the set.
   *
   * @param channels of the images: 3 or 1
   */
  public DatasetOptions options(int channels) {
    DatasetOptions options =
        DatasetOptions.of(size, size)
            .withChannels(channels)
            .withFiles(files)
            .withLabels(DatasetOptions.Labels.valueOf(labels.toUpperCase(Locale.ROOT)))
            .withBrokenMax(brokenMax)
            .withRandomCrop(randomCrop);
    options = pairing.map(options::withPairing).orElse(options);
    return split.map(options::withSplit).orElse(options);
  }

  /** The condition channels after x in the network's input, as the model card describes them. */
  public List<ConditionPart> parts() {
    return pairing.map(Pairing::conditions).orElse(List.of()).stream().map(this::part).toList();
  }

  private ConditionPart part(Condition condition) {
    ConditionPart.Kind image =
        condition.channels() == 3 ? ConditionPart.Kind.RGB : ConditionPart.Kind.GREY;
    return new ConditionPart(
        condition.name(),
        condition.palette().isPresent() ? ConditionPart.Kind.LABELS : image,
        condition.channels(),
        condition.palette(),
        /* optional= */ conditionDropout > 0);
  }

  String p0() {
    String noise = blueNoise ? ModelCard.BLUE_NOISE : ModelCard.GAUSSIAN;
    return p0Split.map(name -> "split:" + name).orElse(noise);
  }

  /** Fields of later versions are left out at their defaults, so that old checkpoints match. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    split.ifPresent(name -> map.put("split", name));
    map.put("size", size);
    map.put("flip", flip);
    if (randomCrop) {
      map.put("crop", RANDOM);
    }
    map.put("labels", labels);
    if (labelDropout > 0) {
      map.put("labelDropout", labelDropout);
    }
    if (!classNames.isEmpty()) {
      map.put("classes", classNames);
    }
    if (pairing.isPresent()) {
      putPairing(map, pairing.get());
    } else if (files != Kind.ANY) {
      map.put("layout", files == Kind.IDX ? "idx" : "pictures");
    }
    if (brokenMax != DatasetOptions.BROKEN_MAX_DEFAULT) {
      map.put("brokenMax", brokenMax);
    }
    return map;
  }

  private void putPairing(Map<String, Object> map, Pairing paired) {
    boolean twins = paired.layout() == Pairing.Layout.TWINS;
    PAIRED.forEach(
        (word, layout) -> {
          if (layout == paired.layout()) {
            map.put("layout", word);
          }
        });
    if (twins) {
      map.put("target", paired.target());
    }
    map.put("condition", paired.conditions().stream().map(c -> toMap(c, twins)).toList());
    if (conditionDropout > 0) {
      map.put("conditionDropout", conditionDropout);
    }
  }

  private static Map<String, Object> toMap(Condition condition, boolean twins) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", condition.name());
    if (twins) {
      map.put("folder", condition.folder());
    }
    String image = condition.channels() == 3 ? "rgb" : "grey";
    map.put("kind", condition.palette().isPresent() ? "labels" : image);
    condition.palette().ifPresent(palette -> map.put("palette", ConditionPart.toJson(palette)));
    if (condition.nearest()) {
      map.put("nearest", true);
    }
    return map;
  }
}
