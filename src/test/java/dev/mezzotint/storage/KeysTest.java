package dev.mezzotint.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class KeysTest {

  @Test
  void layoutIsTheDocumentedOne() {
    assertThat(Keys.jobRecord("a")).isEqualTo("jobs/a/job.json");
    assertThat(Keys.image("a", 0)).isEqualTo("jobs/a/images/00000.png");
    assertThat(Keys.image("a", 99_999)).isEqualTo("jobs/a/images/99999.png");
    assertThat(Keys.grid("a")).isEqualTo("jobs/a/grid.png");
    assertThat(Keys.manifest("a")).isEqualTo("jobs/a/manifest.json");
    assertThat(Keys.checkpoints("a")).isEqualTo("jobs/a/checkpoints/");
    assertThat(Keys.modelFile("m", "3", "config.json")).isEqualTo("models/m/3/config.json");
  }

  @Test
  void strangersNameWhatEveryClientSends() {
    assertThat(List.of("a", "a/b.png", "a//b", "..a/b..", ".a", "ü".repeat(512)))
        .allMatch(Keys::nameable);
    assertThat(
            List.of("", "/a", "..", "a/../b", ".", "a/./b", "./a", "a/.", "ü".repeat(513), "a\n"))
        .noneMatch(Keys::nameable);
  }

  @Test
  void oneJobsPrefixIsNoOthers() {
    assertThat(Keys.jobRecord("a1")).doesNotStartWith(Keys.job("a"));
    assertThat(Keys.modelVersion("m", "11")).doesNotStartWith(Keys.modelVersion("m", "1"));
  }
}
