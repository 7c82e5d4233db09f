package dev.mezzotint.dataset;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the condition of an image in the layout twins: {@code train/input/a.png} belongs to {@code
 * train/target/a.jpg}, since their paths differ in the folder and the kind of file alone. Safe for
 * use by several threads.
 *
 * @param byStem a condition's path without its suffix → its path
 */
record PairedFolders(String target, Map<String, String> byStem) {

  static PairedFolders of(List<String> names, Optional<Pairing> pairing) {
    Map<String, String> byStem = new HashMap<>();
    if (pairing.isEmpty() || pairing.get().layout() != Pairing.Layout.TWINS) {
      return new PairedFolders(Pairing.TARGET, byStem);
    }
    for (String name : names) {
      boolean condition =
          Listing.isImage(name)
              && pairing.get().conditions().stream().anyMatch(c -> in(name, c.folder()));
      if (condition) {
        // Of a.jpg and a.png the last in order: label maps are never JPEG.
        byStem.merge(stem(name), name, (one, other) -> one.compareTo(other) > 0 ? one : other);
      }
    }
    return new PairedFolders(pairing.get().target(), byStem);
  }

  /** Whether the file is in a folder of this name, at any depth. */
  static boolean in(String name, String folder) {
    return ("/" + name).contains("/" + folder + "/");
  }

  /** The path with the last folder of this name replaced. */
  static String swapped(String name, String from, String to) {
    int at = ("/" + name).lastIndexOf("/" + from + "/");
    return name.substring(0, at) + to + name.substring(at + from.length());
  }

  /**
   * The condition of an image.
   *
   * @throws IOException if there is none
   */
  String find(String image, String folder) throws IOException {
    String wanted = swapped(image, target, folder);
    String found = byStem.get(stem(wanted));
    if (found == null) {
      throw new IOException("has no twin " + wanted);
    }
    return found;
  }

  private static String stem(String name) {
    return name.substring(0, name.lastIndexOf('.'));
  }
}
