package dev.mezzotint.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests which word is suggested. */
class SuggestionsTest {
  private static final List<String> WORDS = List.of("generate", "evaluate", "put", "pause");

  @Test
  void closest_hasFewEdits() {
    assertThat(Suggestions.closest("genrate", WORDS)).contains("generate");
    assertThat(Suggestions.closest("evalaute", WORDS)).contains("evaluate");
    assertThat(Suggestions.closest("pt", WORDS)).contains("put");
    assertThat(Suggestions.closest("qwertz", WORDS)).isEmpty();
    assertThat(Suggestions.closest("generate", List.of())).isEmpty();
  }

  @Test
  void question_isEmptyWithoutASuggestion() {
    assertThat(Suggestions.question("puase", WORDS)).isEqualTo(": did you mean pause?");
    assertThat(Suggestions.question("qwertz", WORDS)).isEmpty();
  }
}
