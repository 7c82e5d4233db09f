package dev.mezzotint.http;

import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.NetworkConfig;
import java.time.Duration;
import java.util.List;

/** What the front shows beside jobs. Safe for use by many threads. */
public interface ModelCatalog {

  /**
   * A model that requests may name.
   *
   * @param published when it came; empty for a bundled one
   */
  record Entry(
      String name,
      String version,
      NetworkConfig config,
      ModelCard card,
      boolean newest,
      String published) {
    boolean bundled() {
      return published.isEmpty();
    }
  }

  /**
   * The bundled models and those in the store, as far as their cards can be read. No weights are.
   */
  List<Entry> models();

  /** A link by which anybody can read this object for so long. */
  String link(String key, Duration validity);
}
