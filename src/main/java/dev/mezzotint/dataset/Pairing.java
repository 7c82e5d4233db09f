package dev.mezzotint.dataset;

import dev.mezzotint.json.InvalidInputException;
import java.util.List;

/**
 * Where each image's conditions stand.
 *
 * @param target among twins, the folder of the images: {@code target} for {@code
 *     train/target/a.png}
 * @param conditions at least one, in the order of the network's channels; side by side exactly one
 */
public record Pairing(Layout layout, String target, List<Condition> conditions) {
  /** Where images lie among twins unless somebody says otherwise. */
  public static final String TARGET = "target";

  private static final int CONDITIONS_MAX = 16;

  /** How condition and image lie beside each other. */
  public enum Layout {
    /** Twin folders: {@code input/a/b.png} is the condition of {@code target/a/b.png}. */
    TWINS,
    /** One file holds both: the condition left, the image right. */
    CONDITION_LEFT,
    /** One file holds both: the image left, the condition right. */
    CONDITION_RIGHT
  }

  /**
   * @throws InvalidInputException if there is no condition, or more than the layout can hold
   */
  public Pairing {
    conditions = List.copyOf(conditions);
    int most = layout == Layout.TWINS ? CONDITIONS_MAX : 1;
    if (conditions.isEmpty() || conditions.size() > most) {
      throw new InvalidInputException(
          "condition", "condition must be 1 to " + most + " in this layout: " + layout);
    }
    if (layout == Layout.TWINS) {
      for (Condition condition : conditions) {
        checkFolder(condition.folder());
        if (condition.folder().equals(target)) {
          throw new InvalidInputException(
              "condition",
              "condition " + condition.name() + " lies in " + target + ", as the pictures do");
        }
      }
      checkFolder(target);
    }
  }

  private static void checkFolder(String folder) {
    if (!folder.matches("[^/\\\\.][^/\\\\]{0,127}")) {
      throw new InvalidInputException(
          "folder", "folder must be the name of one folder, not \"" + folder + "\"");
    }
  }

  /** One condition, in the folders {@code input} and {@code target} if it has one of its own. */
  public static Pairing of(Layout layout, Condition condition) {
    return new Pairing(layout, TARGET, List.of(condition));
  }

  /** Channels of all conditions as the network sees them. */
  public int conditionChannels() {
    return conditions.stream().mapToInt(Condition::channels).sum();
  }
}
