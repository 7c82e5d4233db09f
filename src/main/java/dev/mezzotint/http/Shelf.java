package dev.mezzotint.http;

import dev.mezzotint.model.ModelFiles;
import java.time.Duration;
import java.util.List;

/** What the front shows beside jobs. Safe for use by many threads. */
public interface Shelf {

  /**
   * A model that requests may name.
   *
   * @param published when it came; empty for a bundled one
   */
  record Entry(ModelFiles files, boolean bundled, boolean newest, String published) {}

  /** The bundled models and those in the store, as far as their cards can be read. */
  List<Entry> models();

  /** A link by which anybody can read this object for so long. */
  String link(String key, Duration validity);
}
