package dev.mezzotint.model;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.image.Palette;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A condition of a model: some of the channels that follow x in the network's input.
 *
 * @param name under which requests refer to it
 * @param channels how many channels it has
 * @param palette colours of a label map, one for each channel; empty where unknown, and for all
 *     other kinds
 * @param optional whether the network was also trained with this condition all zero, which then
 *     means "no condition" and is needed for guidance
 */
public record ConditionPart(
    String name, Kind kind, int channels, Optional<Palette> palette, boolean optional) {
  private static final String CITYSCAPES = "cityscapes";

  /** A condition without a palette that must be given. */
  public ConditionPart(String name, Kind kind, int channels) {
    this(name, kind, channels, Optional.empty(), /* optional= */ false);
  }

  /** How an image becomes channels. */
  public enum Kind {
    /** Three channels in [−1, 1]. */
    RGB,
    /** One channel in [−1, 1]. */
    GREY,
    /** A label map: one channel per class, 1 where the pixel belongs to it and 0 elsewhere. */
    LABELS,
    /** Channels of unknown meaning: given as a tensor, used unchanged. */
    TENSOR;

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    static List<String> wireNames() {
      return Arrays.stream(values()).map(Kind::wireName).toList();
    }
  }

  /**
   * @throws InvalidInputException if the kind cannot have this number of channels
   */
  public ConditionPart {
    if (!ModelReference.NAME.matcher(name).matches()) {
      throw new InvalidInputException("name", "name must be letters, digits, '.', '_' and '-'");
    }
    if (palette.isPresent() && (kind != Kind.LABELS || palette.get().classes() != channels)) {
      throw InvalidInputException.of(
          "palette",
          "has %s colours, for %s channels of the kind %s",
          palette.get().classes(),
          channels,
          kind.wireName());
    }
    boolean fits =
        switch (kind) {
          case RGB -> channels == 3;
          case GREY -> channels == 1;
          case LABELS, TENSOR -> channels >= 1 && channels <= UNetConfig.CHANNELS_MAX;
        };
    refuseIf(!fits, "channels", "of the kind %s cannot be %s", kind.wireName(), channels);
  }

  static ConditionPart parse(JsonObject json) {
    List<String> kinds = Kind.wireNames();
    Kind kind =
        json.word("kind", kinds)
            .map(word -> Kind.valueOf(word.toUpperCase(Locale.ROOT)))
            .orElseThrow(() -> json.refuse("kind", "is missing: one of " + kinds));
    String name = json.requiredString("name");
    long channels =
        json.integer("channels", 1, UNetConfig.CHANNELS_MAX)
            .orElseThrow(() -> json.refuse("channels", "is missing: an integer"));
    Optional<Palette> palette = parsePalette(json, "palette");
    boolean optional = json.bool("optional", false);
    json.refuseUnknown();
    try {
      return new ConditionPart(name, kind, (int) channels, palette, optional);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          json.path(e.field()), json.path("") + String.valueOf(e.getMessage()), e);
    }
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    map.put("kind", kind.wireName());
    map.put("channels", channels);
    palette.ifPresent(colours -> map.put("palette", toJson(colours)));
    if (optional) {
      map.put("optional", true);
    }
    return map;
  }

  /**
   * Reads the colours of a label map: {@code "cityscapes"}, or a list of {@code {"name": "road",
   * "color": "#804080"}} in the order of the channels.
   *
   * @return empty if the field is absent
   */
  public static Optional<Palette> parsePalette(JsonObject json, String key) {
    if (!json.has(key) || json.isNull(key)) {
      return Optional.empty();
    }
    if (!json.isList(key)) {
      return json.word(key, List.of(CITYSCAPES)).map(word -> Palette.CITYSCAPES);
    }
    List<String> words = new ArrayList<>();
    for (JsonObject entry : json.objects(key, Palette.ENTRIES_MAX).orElse(List.of())) {
      words.add(entry.requiredString("name") + " " + entry.requiredString("color"));
      entry.refuseUnknown();
    }
    try {
      return Optional.of(Palette.of(words.toArray(String[]::new)));
    } catch (IllegalArgumentException e) {
      throw json.refuse(key, "is not a palette: " + e.getMessage());
    }
  }

  /** What {@link #parsePalette} reads. */
  public static Object toJson(Palette palette) {
    return palette.equals(Palette.CITYSCAPES)
        ? CITYSCAPES
        : palette.entries().stream().map(ConditionPart::entry).toList();
  }

  private static Map<String, Object> entry(Palette.Entry entry) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", entry.name());
    map.put("color", entry.colour());
    return map;
  }
}
