package dev.mezzotint.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobIdTest {

  @ParameterizedTest
  @ValueSource(strings = {"a", "0", "A.b_c-9", "a..", "0123456789"})
  void acceptsIdsThatAreValidInKeys(String id) {
    assertThat(new JobId(id).value()).isEqualTo(id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "-a", "_a", "a/b", "a b", "a\n", "ä", "a\u0000", "../a"})
  void refusesOtherIds(String id) {
    assertThatThrownBy(() -> new JobId(id))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("id must be 1 to 128 letters");
  }

  @Test
  void refusesMoreThan128Characters() {
    assertThat(new JobId("x".repeat(128)).value()).hasSize(128);
    assertThatThrownBy(() -> new JobId("x".repeat(129))).isInstanceOf(InvalidInputException.class);
  }
}
