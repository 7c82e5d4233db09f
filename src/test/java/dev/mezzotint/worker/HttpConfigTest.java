package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.http.HttpSettings;
import dev.mezzotint.json.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpConfigTest {
  private static final String TOKEN = "correct-horse-battery";

  @TempDir Path folder;

  private static HttpConfig read(String... pairs) {
    Map<String, String> configuration = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      configuration.put(pairs[i], pairs[i + 1]);
    }
    return Site.settings(configuration).front();
  }

  @Test
  void on_isTheDefault_whenOnlyThisMachineCanCall() {
    assertThat(read().on()).isTrue();
    assertThat(read("quarkus.http.host", "localhost").on()).isTrue();
    assertThat(read("quarkus.http.host", "0.0.0.0").on()).isFalse();
    assertThat(read("quarkus.http.host", "10.0.0.7").on()).isFalse();
    assertThat(read("mezzotint.page", "off").on()).isFalse();
    assertThat(read("mezzotint.page", "on", "quarkus.http.host", "0.0.0.0").on()).isTrue();
    assertThatThrownBy(() -> read("mezzotint.page", "yes")).hasMessageContaining("MEZZOTINT_PAGE");
  }

  @Test
  void access_requiresALongToken_whenOtherMachinesCanCall() throws Exception {
    Path file = folder.resolve("token");
    Files.writeString(file, TOKEN + "\n");
    assertThat(HttpRole.access(read())).isEqualTo(HttpSettings.LOCAL);
    assertThat(
            HttpRole.access(
                    read(
                        "quarkus.http.host", "0.0.0.0",
                        "mezzotint.http-token-file", file.toString(),
                        "mezzotint.http-names", "gpu.lan, gpu"))
                .token())
        .contains(TOKEN);
    assertThatThrownBy(() -> HttpRole.access(read("quarkus.http.host", "0.0.0.0")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("MEZZOTINT_HTTP_TOKEN");
    assertThatThrownBy(() -> HttpRole.access(read("mezzotint.http-token", "short")))
        .hasMessageContaining("16");
    assertThatThrownBy(() -> HttpRole.access(read("mezzotint.http-token-file", folder + "/absent")))
        .hasMessageContaining("cannot be read");
  }

  @Test
  void toString_leavesOutTheToken() {
    HttpConfig switches = read("mezzotint.http-token", TOKEN);
    assertThat(switches.toString()).doesNotContain(TOKEN);
    assertThat(HttpRole.access(switches).toString()).doesNotContain(TOKEN);
    assertThat(Site.settings(Map.of("mezzotint.http-token", TOKEN)).toString())
        .doesNotContain(TOKEN);
  }
}
