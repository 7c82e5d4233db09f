package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.json.InvalidInputException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {
  @Test
  void parses_eachForm() {
    assertThat(ModelReference.parse("avatars-32"))
        .isEqualTo(new ModelReference.Bundled("avatars-32"));
    assertThat(ModelReference.parse("gta@1.2")).isEqualTo(new ModelReference.Stored("gta", "1.2"));
    assertThat(ModelReference.parse("gta@latest"))
        .isEqualTo(new ModelReference.Stored("gta", "latest"));
    for (String path : new String[] {"./a", "/a/b", "a/b", ".", "..", "w.safetensors", "w.bin"}) {
      assertThat(ModelReference.parse(path)).isEqualTo(new ModelReference.Folder(Path.of(path)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "@", "a@", "@1", "a@b@c", "-a", "a b", "ä", "a\u0000b", "a/\u0000"})
  void invalidReferences_areRefused(String text) {
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> ModelReference.parse(text));
    assertThat(e.field()).isEqualTo("model");
  }

  @ParameterizedTest
  @ValueSource(strings = {"./a", "/etc", "..", "../a", "a/b", ".hidden", "a\\b", "~root"})
  void parseName_refusesPaths(String text) {
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> ModelReference.parseName(text));
    assertThat(e.field()).isEqualTo("model");
  }

  @Test
  void longNames_areRefused() {
    ModelReference.parseName("a".repeat(128));
    assertThat(
            catchThrowableOfType(
                InvalidInputException.class, () -> ModelReference.parseName("a".repeat(129))))
        .isNotNull();
  }
}
