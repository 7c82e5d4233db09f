package dev.mezzotint.model;

import dev.mezzotint.iadb.DdpmSchedule;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Palette;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** {@link ModelCard} from and to the keys of {@code model.json}. */
final class ModelCardJson {
  private ModelCardJson() {}

  /** See {@link ModelCard#parse}. */
  static ModelCard parse(JsonObject json) {
    json.numbers("pixelRange", 2, -1e6, 1e6)
        .filter(range -> !range.equals(ModelCard.PIXEL_RANGE))
        .ifPresent(
            range -> {
              throw json.refuse("pixelRange", "must be [-1, 1], not " + range);
            });
    List<String> words = List.of("direction", "x0", "x1", "epsilon");
    var steps = json.integer("steps", 1, ModelCard.STEPS_MAX);
    ModelCard card =
        new ModelCard(
            json.requiredString("name"),
            json.string("version"),
            json.word("prediction", words)
                .map(Prediction::parse)
                .orElseThrow(() -> json.refuse("prediction", "is missing: one of " + words)),
            json.number("timestepScale", 0, ModelCard.SCALE_MAX)
                .orElseThrow(() -> json.refuse("timestepScale", "is missing: a number")),
            json.objects("condition", ModelCard.PARTS_MAX).orElse(List.of()).stream()
                .map(ModelCardJson::parsePart)
                .toList(),
            json.strings("classes", ModelCard.CLASSES_MAX).orElse(List.of()),
            optional(steps),
            json.string("sampler"),
            json.string("schedule"),
            json.object("noiseSchedule").map(ModelCardJson::parseBetas),
            json.string("p0", ModelCard.GAUSSIAN),
            json.objects("tuned", ModelCard.TUNED_MAX).orElse(List.of()).stream()
                .map(ModelCardJson::parseTuned)
                .toList(),
            optional(json.integer("nullClass", 0, ModelCard.CLASSES_MAX)),
            json.string("data", ""),
            json.string("licence", ""),
            json.object("recipe").map(JsonObject::toMap).orElse(Map.of()),
            json.object("metrics").map(JsonObject::toMap).orElse(Map.of()));
    json.refuseUnknown();
    return card;
  }

  private static OptionalInt optional(OptionalLong value) {
    return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
  }

  /** The keys of diffusers' {@code scheduler_config.json}. */
  private static DdpmSchedule parseBetas(JsonObject json) {
    List<String> words =
        Arrays.stream(DdpmSchedule.Kind.values()).map(DdpmSchedule.Kind::wireName).toList();
    String word = json.word("beta_schedule", words).orElse("linear");
    DdpmSchedule schedule;
    try {
      schedule =
          new DdpmSchedule(
              DdpmSchedule.Kind.values()[words.indexOf(word)],
              json.number("beta_start", 0, 1, DdpmSchedule.LINEAR.betaStart()),
              json.number("beta_end", 0, 1, DdpmSchedule.LINEAR.betaEnd()),
              json.integer("num_train_timesteps", 2, DdpmSchedule.STEPS_MAX, 1000));
    } catch (IllegalArgumentException e) {
      throw json.refuse("beta_start", "and beta_end: " + e.getMessage());
    }
    json.refuseUnknown();
    return schedule;
  }

  private static ModelCard.TunedSteps parseTuned(JsonObject json) {
    List<String> samplers = List.of(Solver.EULER.wireName(), Solver.AB2.wireName());
    Solver solver = json.word("sampler", samplers).map(Solver::parse).orElse(Solver.AB2);
    List<Double> alphas =
        json.numbers("alphas", ModelCard.TUNED_STEPS_MAX + 1, 0, 1)
            .orElseThrow(() -> json.refuse("alphas", "is missing: a list from 0 to 1"));
    json.refuseUnknown();
    try {
      return new ModelCard.TunedSteps(solver, alphas);
    } catch (IllegalArgumentException e) {
      throw json.refuse("alphas", "is no schedule: " + e.getMessage());
    }
  }

  private static ConditionPart parsePart(JsonObject json) {
    List<String> words = ConditionPart.Kind.wireNames();
    ConditionPart.Kind kind =
        json.word("kind", words)
            .flatMap(ConditionPart.Kind::ofWireName)
            .orElseThrow(() -> json.refuse("kind", "is missing: one of " + words));
    String name = json.requiredString("name");
    long channels =
        json.integer("channels", 1, UNetConfig.CHANNELS_MAX)
            .orElseThrow(() -> json.refuse("channels", "is missing: an integer"));
    Optional<Palette> palette = PaletteJson.parse(json, "palette");
    boolean optional = json.bool("optional", false);
    json.refuseUnknown();
    try {
      return new ConditionPart(name, kind, (int) channels, palette, optional);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          json.path(e.field()), json.path("") + String.valueOf(e.getMessage()), e);
    }
  }

  /** See {@link ModelCard#toMap}. */
  static Map<String, Object> toMap(ModelCard card) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", card.name());
    card.version().ifPresent(word -> map.put("version", word));
    map.put("prediction", card.prediction().wireName());
    map.put("timestepScale", card.timestepScale());
    map.put("pixelRange", ModelCard.PIXEL_RANGE);
    if (!card.condition().isEmpty()) {
      map.put("condition", card.condition().stream().map(ModelCardJson::partMap).toList());
    }
    if (!card.classes().isEmpty()) {
      map.put("classes", card.classes());
    }
    card.steps().ifPresent(count -> map.put("steps", count));
    card.sampler().ifPresent(word -> map.put("sampler", word));
    card.schedule().ifPresent(word -> map.put("schedule", word));
    card.noiseSchedule().ifPresent(betas -> map.put("noiseSchedule", betasMap(betas)));
    if (!card.p0().equals(ModelCard.GAUSSIAN)) {
      map.put("p0", card.p0());
    }
    if (!card.tuned().isEmpty()) {
      map.put("tuned", card.tuned().stream().map(ModelCardJson::tunedMap).toList());
    }
    card.nullClass().ifPresent(label -> map.put("nullClass", label));
    map.put("data", card.data());
    map.put("licence", card.licence());
    map.put("recipe", new LinkedHashMap<>(card.recipe()));
    map.put("metrics", new LinkedHashMap<>(card.metrics()));
    return map;
  }

  private static Map<String, Object> betasMap(DdpmSchedule betas) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("beta_schedule", betas.kind().wireName());
    map.put("beta_start", betas.betaStart());
    map.put("beta_end", betas.betaEnd());
    map.put("num_train_timesteps", betas.steps());
    return map;
  }

  private static Map<String, Object> tunedMap(ModelCard.TunedSteps placed) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("sampler", placed.solver().wireName());
    map.put("alphas", placed.alphas());
    return map;
  }

  private static Map<String, Object> partMap(ConditionPart part) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", part.name());
    map.put("kind", part.kind().wireName());
    map.put("channels", part.channels());
    part.palette().ifPresent(palette -> map.put("palette", PaletteJson.write(palette)));
    if (part.optional()) {
      map.put("optional", true);
    }
    return map;
  }
}
