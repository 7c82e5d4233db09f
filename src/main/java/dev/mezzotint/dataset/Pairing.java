package dev.mezzotint.dataset;

import dev.mezzotint.json.InvalidInputException;
import java.util.List;

/**
 * Where the conditions of each image are.
 *
 * @param target in the layout twins, the folder of the images: {@code target} for {@code
 *     train/target/a.png}
 * @param conditions at least one, in the order of the network's channels; exactly one if side by
 *     side
 */
public record Pairing(Layout layout, String target, List<Condition> conditions) {
  /** Default folder of images in the layout twins. */
  public static final String TARGET = "target";

  private static final int CONDITIONS_MAX = 16;

  /** How conditions and images are arranged in files. */
  public enum Layout {
    /** Twin folders: {@code input/a/b.png} is the condition of {@code target/a/b.png}. */
    TWINS,
    /** One file has both: the condition left, the image right. */
    CONDITION_LEFT,
    /** One file has both: the image left, the condition right. */
    CONDITION_RIGHT
  }

  /**
   * @throws InvalidInputException if there is no condition, or more than the layout permits
   */
  public Pairing {
    conditions = List.copyOf(conditions);
    int most = layout == Layout.TWINS ? CONDITIONS_MAX : 1;
    if (conditions.isEmpty() || conditions.size() > most) {
      throw InvalidInputException.of(
          "condition", "must be 1 to %s in this layout: %s", most, layout);
    }
    if (layout == Layout.TWINS) {
      for (Condition condition : conditions) {
        checkFolder(condition.folder());
        if (condition.folder().equals(target)) {
          throw InvalidInputException.of(
              "condition", "%s is in %s, the folder of the images", condition.name(), target);
        }
      }
      checkFolder(target);
    }
  }

  private static void checkFolder(String folder) {
    if (!folder.matches("[^/\\\\.][^/\\\\]{0,127}")) {
      throw InvalidInputException.of(
          "folder", "must be the name of one folder, not \"%s\"", folder);
    }
  }
}
