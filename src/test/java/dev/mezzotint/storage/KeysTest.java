package dev.mezzotint.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class KeysTest {

  @Test
  void keys_areTheDocumentedOnes() {
    assertThat(Keys.jobRecord("a")).isEqualTo("jobs/a/job.json");
    assertThat(Keys.image("a", 0)).isEqualTo("jobs/a/images/00000.png");
    assertThat(Keys.image("a", 99_999)).isEqualTo("jobs/a/images/99999.png");
    assertThat(Keys.grid("a")).isEqualTo("jobs/a/grid.png");
    assertThat(Keys.manifest("a")).isEqualTo("jobs/a/manifest.json");
    assertThat(Keys.checkpoints("a")).isEqualTo("jobs/a/checkpoints/");
    assertThat(Keys.modelFile("m", "3", "config.json")).isEqualTo("models/m/3/config.json");
  }

  @Test
  void isValidKey_acceptsKeysThatEveryClientSends() {
    String longest = ("ü".repeat(127) + "/").repeat(4);
    assertThat(List.of("a", "a/b.png", "a//b", "..a/b..", ".a", longest, longest + "a/b"))
        .allMatch(Keys::isValidKey);
    assertThat(List.of("", "/a", "..", "a/../b", ".", "a/./b", "./a", "a/.", "a\n"))
        .noneMatch(Keys::isValidKey);
    assertThat(List.of(longest + "aaaaa", "clips/" + "x".repeat(256), "ü".repeat(128) + "/a"))
        .noneMatch(Keys::isValidKey);
  }

  @Test
  void prefixOfAJob_doesNotMatchOtherJobs() {
    assertThat(Keys.jobRecord("a1")).doesNotStartWith(Keys.job("a"));
    assertThat(Keys.modelVersion("m", "11")).doesNotStartWith(Keys.modelVersion("m", "1"));
  }
}
