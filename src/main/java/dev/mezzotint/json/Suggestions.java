package dev.mezzotint.json;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the word that a user probably meant. Stateless. */
public final class Suggestions {
  private Suggestions() {}

  /** The known word with the fewest edits, if at most a third of its letters differ. */
  public static Optional<String> closest(String word, Collection<String> known) {
    return known.stream()
        .filter(
            one -> edits(word, one) <= Math.max(1, (Math.max(word.length(), one.length()) + 1) / 3))
        .min(
            Comparator.comparingInt((String one) -> edits(word, one))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** The end of a sentence about an unknown word: the question, or nothing. */
  public static String question(String word, Collection<String> known) {
    return closest(word, known).map(one -> ": did you mean " + one + "?").orElse("");
  }

  /** The Levenshtein distance. */
  public static int edits(String from, String to) {
    int[] row = new int[to.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
