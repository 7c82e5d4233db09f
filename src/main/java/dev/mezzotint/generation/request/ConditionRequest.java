package dev.mezzotint.generation.request;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.sampling.ModelInfo;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The condition of a request: images that the network gets as further input. Immutable.
 *
 * @param parts sources by the name of the card's part; {@link #ONLY} for a request that names no
 *     part; empty for no condition
 * @param nearest replace colours outside a label map's palette by the nearest one in it instead of
 *     refusing them
 * @param resize scale images of another size to cover the model's and crop them at the centre,
 *     instead of refusing them
 */
public record ConditionRequest(
    Map<String, ConditionSource> parts, boolean nearest, boolean resize) {
  /** Name of the part in a request without part names, for a model that has one part. */
  public static final String ONLY = "";

  static final ConditionRequest NONE = new ConditionRequest(Map.of(), false, false);

  private static final int PARTS_MAX = 64;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  public ConditionRequest {
    parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
  }

  static ConditionRequest parse(JsonObject json, GenerationLimits limits) {
    if (!json.has("condition")) {
      return NONE;
    }
    if (!(json.toMap().get("condition") instanceof Map)) {
      ConditionSource source = ConditionSource.parse(json, "condition", limits).orElseThrow();
      return new ConditionRequest(Map.of(ONLY, source), false, false);
    }
    JsonObject condition = json.object("condition").orElseThrow();
    boolean nearest = condition.bool("nearest", false);
    boolean resize = condition.bool("resize", false);
    Optional<JsonObject> named = condition.object("parts");
    if (named.isEmpty()) {
      ConditionSource source = ConditionSource.parse(condition, limits);
      return new ConditionRequest(Map.of(ONLY, source), nearest, resize);
    }
    condition.refuseUnknown();
    return new ConditionRequest(parts(named.get(), limits), nearest, resize);
  }

  private static Map<String, ConditionSource> parts(JsonObject named, GenerationLimits limits) {
    Map<String, ConditionSource> parts = new LinkedHashMap<>();
    for (String name : named.names()) {
      named.refuseIf(
          !NAME.matcher(name).matches(), name, "is not a valid name of a part of a condition");
      ConditionSource.parse(named, name, limits).ifPresent(source -> parts.put(name, source));
    }
    if (parts.isEmpty() || parts.size() > PARTS_MAX) {
      throw new InvalidInputException(
          "condition.parts", "condition.parts must name 1 to " + PARTS_MAX + " parts");
    }
    return parts;
  }

  public boolean isEmpty() {
    return parts.isEmpty();
  }

  /** Whether the number of images is known only after listing the store. */
  public boolean needsListing() {
    return parts.values().stream().anyMatch(ConditionSource::needsListing);
  }

  /** Whether there is a list, with a condition for each image. */
  public boolean hasLists() {
    return parts.values().stream().anyMatch(ConditionSource.Listed.class::isInstance);
  }

  /** Requires that all lists have this size; a list of one image applies to all. */
  void checkCount(int count) {
    parts.forEach(
        (name, source) -> {
          if (source instanceof ConditionSource.Listed listed
              && listed.images().size() > 1
              && listed.images().size() != count) {
            int size = listed.images().size();
            throw new InvalidInputException(
                field(name),
                field(name)
                    + (" must be one image for all or one for each, not "
                        + size
                        + " for "
                        + count));
          }
        });
  }

  public static String field(String part) {
    return part.equals(ONLY) ? "condition" : "condition.parts." + part;
  }

  /**
   * The sources in the order of a model's parts, empty for a part that is left out and may be.
   *
   * @throws InvalidInputException if the model has other parts
   */
  public List<Optional<ConditionSource>> sourcesFor(ModelInfo model) {
    List<ConditionPart> wanted = model.condition();
    for (ConditionPart part : wanted) {
      if (part.kind() == ConditionPart.Kind.TENSOR) {
        throw new InvalidInputException(
            "condition",
            String.format(
                Locale.ROOT,
                "condition: model %s takes %d channels as %s, which are not an image",
                model.reference(),
                part.channels(),
                part.name()));
      }
    }
    if (parts.containsKey(ONLY) && wanted.size() != 1) {
      throw new InvalidInputException(
          "condition",
          "condition: model %s takes several parts: give condition.parts with %s"
              .formatted(model.reference(), names(wanted)));
    }
    for (String name : parts.keySet()) {
      if (!name.equals(ONLY) && wanted.stream().noneMatch(part -> part.name().equals(name))) {
        throw new InvalidInputException(
            field(name),
            "%s is not for model %s, whose condition is %s"
                .formatted(field(name), model.reference(), names(wanted)));
      }
    }
    return wanted.stream().map(part -> source(part, model)).toList();
  }

  private Optional<ConditionSource> source(ConditionPart part, ModelInfo model) {
    Optional<ConditionSource> source =
        Optional.ofNullable(parts.getOrDefault(part.name(), parts.get(ONLY)));
    if (source.isEmpty() && !part.optional()) {
      String field = parts.isEmpty() ? "condition" : field(part.name());
      throw new InvalidInputException(
          field, field + " is missing: model " + model.reference() + " needs one");
    }
    if (part.kind() == ConditionPart.Kind.LABELS && part.palette().isEmpty()) {
      throw new InvalidInputException(
          "model",
          "model %s has no palette for %s on its card".formatted(model.reference(), part.name()));
    }
    return source;
  }

  private static List<String> names(List<ConditionPart> parts) {
    return parts.stream().map(part -> part.name() + " (" + part.kind().wireName() + ")").toList();
  }
}
