package dev.mezzotint.dataset;

import dev.mezzotint.json.InvalidInputException;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Collects files that could not be decoded. A few are tolerated; beyond the limit the set is
 * refused, because training on the rest would hide a mistake. Safe for use by several threads.
 */
final class DecodeFailures {
  private final String source;
  private final int files;
  private final double shareMax;
  private final NavigableMap<String, String> reasons = new TreeMap<>();

  DecodeFailures(String source, int files, double shareMax) {
    this.source = source;
    this.files = files;
    this.shareMax = shareMax;
  }

  /**
   * @throws InvalidInputException once all files or more than the limit are broken
   */
  synchronized void add(String name, String reason) {
    reasons.put(name, reason);
    if (reasons.size() > shareMax * files || reasons.size() == files) {
      var first = reasons.firstEntry();
      throw new InvalidInputException(
          source,
          ("at least %s of the %s images in %s cannot be read, more than brokenMax %s allows;"
                  + " for example: %s %s")
              .formatted(
                  reasons.size(), files, source, shareMax, first.getKey(), first.getValue()));
    }
  }

  synchronized boolean contains(String name) {
    return reasons.containsKey(name);
  }

  synchronized List<String> list() {
    return reasons.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).toList();
  }
}
