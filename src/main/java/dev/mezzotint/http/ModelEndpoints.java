package dev.mezzotint.http;

import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.NetworkConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What requests may ask of which model. Asked again at most every few seconds. */
final class ModelEndpoints {
  private static final long FRESH_NANOS = Duration.ofSeconds(5).toNanos();

  private final ModelCatalog shelf;

  // Guarded by this.
  private List<Map<String, Object>> last = List.of();
  private long looked = System.nanoTime() - FRESH_NANOS - 1;

  ModelEndpoints(ModelCatalog shelf) {
    this.shelf = shelf;
  }

  synchronized Map<String, Object> list() {
    if (System.nanoTime() - looked > FRESH_NANOS) {
      List<Map<String, Object>> all = new ArrayList<>();
      shelf.models().forEach(entry -> all.add(members(entry)));
      last = all;
      looked = System.nanoTime();
    }
    return Map.of("models", last);
  }

  private static Map<String, Object> members(ModelCatalog.Entry entry) {
    ModelCard card = entry.card();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", entry.name());
    map.put("version", entry.version());
    map.put("reference", entry.name() + "@" + entry.version());
    map.put("bundled", entry.bundled());
    map.put("newest", entry.newest());
    if (!entry.published().isEmpty()) {
      map.put("published", entry.published());
    }
    NetworkConfig config = entry.config();
    map.put("channels", config.outChannels());
    config
        .sampleSize()
        .ifPresent(
            height -> {
              map.put("height", height);
              map.put("width", config.sampleWidth().orElse(height));
            });
    config.numClassEmbeds().ifPresent(count -> map.put("classes", count));
    map.put("classNames", card.classes());
    map.put("guided", card.nullClass().isPresent());
    map.put("condition", card.condition().stream().map(ModelEndpoints::part).toList());
    card.steps().ifPresent(steps -> map.put("steps", steps));
    card.sampler().ifPresent(sampler -> map.put("sampler", sampler));
    map.put("tuned", card.tuned().stream().map(t -> (Object) t.steps()).toList());
    map.put("p0", card.p0());
    map.put("data", card.data());
    map.put("licence", card.licence());
    return map;
  }

  private static Map<String, Object> part(ConditionPart part) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", part.name());
    map.put("kind", part.kind().wireName());
    map.put("channels", part.channels());
    map.put("optional", part.optional());
    return map;
  }
}
