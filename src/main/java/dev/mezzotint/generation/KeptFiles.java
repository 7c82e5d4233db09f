package dev.mezzotint.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * The files of those pictures that something else is made of, as they stand in the store: what is
 * made of them shows what the manifest lists, also where an earlier attempt on another device made
 * some. Safe for use by many threads.
 */
final class KeptFiles {
  private final IntPredicate wanted;
  private final Map<Integer, byte[]> files = new TreeMap<>();

  /**
   * @param wanted which pictures, by their index
   */
  KeptFiles(IntPredicate wanted) {
    this.wanted = wanted;
  }

  synchronized void add(int index, byte[] file) {
    if (wanted.test(index)) {
      files.put(index, file);
    }
  }

  /** Empty if the picture was not made, or is not wanted. */
  synchronized Optional<byte[]> get(int index) {
    return Optional.ofNullable(files.get(index));
  }

  /** In the order of their index. */
  synchronized List<byte[]> all() {
    return new ArrayList<>(files.values());
  }
}
