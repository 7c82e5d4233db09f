package dev.mezzotint.dataset;

import dev.mezzotint.json.InvalidInputException;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Files that could not be decoded. A few are passed over; once they are most of the set, the set is
 * refused, because training on the rest would hide a mistake. Safe for use by several threads.
 */
final class Broken {
  private final String source;
  private final int files;
  private final NavigableMap<String, String> reasons = new TreeMap<>();

  Broken(String source, int files) {
    this.source = source;
    this.files = files;
  }

  /**
   * @throws InvalidInputException as soon as more than half of the files are broken
   */
  synchronized void add(String name, String reason) {
    reasons.put(name, reason);
    if (reasons.size() * 2L > files) {
      var first = reasons.firstEntry();
      throw new InvalidInputException(
          source,
          String.format(
              "%d of %d images in %s cannot be read, for one: %s %s",
              reasons.size(), files, source, first.getKey(), first.getValue()));
    }
  }

  synchronized boolean contains(String name) {
    return reasons.containsKey(name);
  }

  synchronized List<String> list() {
    return reasons.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).toList();
  }
}
