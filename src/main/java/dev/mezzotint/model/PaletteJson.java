package dev.mezzotint.model;

import dev.mezzotint.image.Palette;
import dev.mezzotint.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A label map's colours in JSON: the word {@code cityscapes}, or a list of {@code {"name": "road",
 * "color": "#804080"}} in the order of the channels.
 */
public final class PaletteJson {
  private static final String CITYSCAPES = "cityscapes";

  private PaletteJson() {}

  /** Empty where the key is absent; colours and names are checked. */
  public static Optional<Palette> parse(JsonObject json, String key) {
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
      throw json.refuse(key, "is no palette: " + e.getMessage());
    }
  }

  /** What {@link #parse} reads. */
  public static Object write(Palette palette) {
    return palette.equals(Palette.CITYSCAPES)
        ? CITYSCAPES
        : palette.entries().stream().map(PaletteJson::entry).toList();
  }

  private static Map<String, Object> entry(Palette.Entry entry) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", entry.name());
    map.put("color", entry.colour());
    return map;
  }
}
