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
import dev.mezzotint.model.PaletteJson;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import dev.mezzotint.training.recipe.Recipe.Data;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A recipe's {@code dataset}, from and to its keys. */
public final class DatasetJson {
  private static final int CONDITIONS_MAX = 16;
  private static final int CLASSES_MAX = 256;

  private static final Map<String, Pairing.Layout> PAIRED = new LinkedHashMap<>();

  static {
    PAIRED.put("twins", Pairing.Layout.TWINS);
    PAIRED.put("left-right", Pairing.Layout.CONDITION_LEFT);
    PAIRED.put("right-left", Pairing.Layout.CONDITION_RIGHT);
  }

  private DatasetJson() {}

  /**
   * Refuses unknown keys, bad ranges and impossible combinations by the key's name.
   *
   * @param p0 {@code gaussian}, {@code blue-noise}, or {@code split:NAME} for the pictures of
   *     another folder of the set
   */
  public static Data parse(JsonObject json, String p0) {
    int size =
        (int)
            json.integer("size", 1, 4096)
                .orElseThrow(() -> json.refuse("size", "is missing: pixels per side"));
    List<String> layouts = new ArrayList<>(List.of("pictures", "idx"));
    layouts.addAll(PAIRED.keySet());
    Optional<String> layout = json.word("layout", layouts);
    Data data =
        new Data(
            json.string("split"),
            p0Split(p0),
            size,
            json.bool("flip", false),
            json.word("labels", List.of("none", "folder", "prefix", "file")).orElse("none"),
            json.number("labelDropout", 0, 0.9, 0),
            p0.equals(ModelCard.BLUE_NOISE),
            layout.map(DatasetJson::kind).orElse(Kind.ANY),
            pairing(json, layout),
            json.number("conditionDropout", 0, 0.9, 0),
            json.strings("classes", CLASSES_MAX).orElse(List.of()),
            json.number("brokenMax", 0, 1, DatasetOptions.BROKEN_MAX_DEFAULT));
    json.refuseUnknown();
    checkWords(json, data);
    return data;
  }

  private static Kind kind(String layout) {
    return layout.equals("idx") ? Kind.IDX : Kind.IMAGES;
  }

  private static void checkWords(JsonObject json, Data data) {
    if (data.conditionDropout() > 0 && data.pairing().isEmpty()) {
      throw json.refuse("conditionDropout", "needs a condition");
    }
    if (data.pairing().isPresent() && data.p0Split().isPresent()) {
      throw json.refuse("condition", "is for p0 gaussian or blue-noise");
    }
    boolean file = data.labels().equals("file");
    if (file && (data.files() == Kind.IMAGES)) {
      throw json.refuse("labels", "must not be file in this layout: that is for idx");
    }
    if (!data.classNames().isEmpty() && !file) {
      throw json.refuse("classes", "is for labels file: folders and prefixes have names");
    }
    if (new HashSet<>(data.classNames()).size() != data.classNames().size()) {
      throw json.refuse("classes", "holds a name twice");
    }
  }

  private static Optional<Pairing> pairing(JsonObject json, Optional<String> layout) {
    Optional<Pairing.Layout> paired = layout.map(PAIRED::get);
    if (paired.isEmpty()) {
      for (String key : new String[] {"condition", "target"}) {
        if (json.has(key)) {
          throw json.refuse(key, "needs dataset.layout: one of " + PAIRED.keySet());
        }
      }
      return Optional.empty();
    }
    boolean twins = paired.get() == Pairing.Layout.TWINS;
    if (!twins && json.has("target")) {
      throw json.refuse("target", "is for the layout twins");
    }
    List<JsonObject> given =
        json.isList("condition")
            ? json.objects("condition", CONDITIONS_MAX).orElse(List.of())
            : json.object("condition").map(List::of).orElse(List.of());
    if (given.isEmpty()) {
      throw json.refuse("condition", "is missing: what the other half of each pair is");
    }
    if (!twins && given.size() > 1) {
      throw json.refuse("condition", "must be one in the layout " + layout.get());
    }
    String target = json.string("target", Pairing.TARGET);
    List<Condition> conditions = given.stream().map(c -> condition(c, twins)).toList();
    Set<String> names = new HashSet<>();
    for (Condition condition : conditions) {
      if (!names.add(condition.name())) {
        throw json.refuse("condition", "has two of the name " + condition.name());
      }
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
    Optional<Palette> palette = PaletteJson.parse(json, "palette");
    if (labels != palette.isPresent()) {
      throw json.refuse(
          "palette", labels ? "is missing: the colours of the label maps" : "is for kind labels");
    }
    if (!labels && json.has("nearest")) {
      throw json.refuse("nearest", "is for kind labels");
    }
    if (!twins && json.has("folder")) {
      throw json.refuse("folder", "is for the layout twins");
    }
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

  /** Refuses data that the network cannot be trained on. */
  static void check(Data data, NetworkConfig network) {
    if (data.size() % network.sizeMultiple() != 0) {
      throw refuse("size", "must be a multiple of " + network.sizeMultiple() + " for this network");
    }
    if (network.sampleWidth().isPresent() || network.sampleSize().orElse(0) != data.size()) {
      throw new InvalidInputException(
          "network.sample_size",
          "network.sample_size must be "
              + data.size()
              + ", which is dataset.size: it is published");
    }
    int channels = data.parts().stream().mapToInt(ConditionPart::channels).sum();
    if (network.inChannels() != network.outChannels() + channels) {
      throw new InvalidInputException(
          "network.in_channels",
          "network.in_channels is %d, but must be %d: out_channels, %d, and the %d channels of %s"
              .formatted(
                  network.inChannels(),
                  network.outChannels() + channels,
                  network.outChannels(),
                  channels,
                  channels == 0 ? "no dataset.condition" : "dataset.condition"));
    }
    boolean classes = network.classEmbedType() != ClassEmbedding.NONE;
    boolean labels = !data.labels().equals("none");
    if (classes && !labels) {
      throw refuse("labels", "must be folder, prefix or file: the network takes classes");
    }
    if (data.labelDropout() > 0 && network.classEmbedType() != ClassEmbedding.TABLE) {
      throw refuse("labelDropout", "needs a network with num_class_embeds");
    }
    if (labels && !classes) {
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
      throw new InvalidInputException(
          "p0", "p0 must be gaussian, blue-noise or split:NAME, not " + JsonObject.quote(word));
    }
    return Optional.of(word.substring("split:".length()));
  }

  /** The word that {@link #parse} is given. */
  static String p0(Data data) {
    String noise = data.blueNoise() ? ModelCard.BLUE_NOISE : ModelCard.GAUSSIAN;
    return data.p0Split().map(split -> "split:" + split).orElse(noise);
  }

  /** Keys that came later are left out at their defaults: old checkpoints know the others. */
  static Map<String, Object> toMap(Data data) {
    Map<String, Object> map = new LinkedHashMap<>();
    data.split().ifPresent(split -> map.put("split", split));
    map.put("size", data.size());
    map.put("flip", data.flip());
    map.put("labels", data.labels());
    if (data.labelDropout() > 0) {
      map.put("labelDropout", data.labelDropout());
    }
    if (!data.classNames().isEmpty()) {
      map.put("classes", data.classNames());
    }
    if (data.pairing().isEmpty() && data.files() != Kind.ANY) {
      map.put("layout", data.files() == Kind.IDX ? "idx" : "pictures");
    }
    data.pairing().ifPresent(pairing -> paired(data, pairing, map));
    if (data.brokenMax() != DatasetOptions.BROKEN_MAX_DEFAULT) {
      map.put("brokenMax", data.brokenMax());
    }
    return map;
  }

  private static void paired(Data data, Pairing pairing, Map<String, Object> map) {
    boolean twins = pairing.layout() == Pairing.Layout.TWINS;
    PAIRED.forEach(
        (word, layout) -> {
          if (layout == pairing.layout()) {
            map.put("layout", word);
          }
        });
    if (twins) {
      map.put("target", pairing.target());
    }
    map.put("condition", pairing.conditions().stream().map(c -> conditionMap(c, twins)).toList());
    if (data.conditionDropout() > 0) {
      map.put("conditionDropout", data.conditionDropout());
    }
  }

  private static Map<String, Object> conditionMap(Condition condition, boolean twins) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", condition.name());
    if (twins) {
      map.put("folder", condition.folder());
    }
    String picture = condition.channels() == 3 ? "rgb" : "grey";
    map.put("kind", condition.palette().isPresent() ? "labels" : picture);
    condition.palette().ifPresent(palette -> map.put("palette", PaletteJson.write(palette)));
    if (condition.nearest()) {
      map.put("nearest", true);
    }
    return map;
  }
}
