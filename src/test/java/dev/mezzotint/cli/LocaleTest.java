package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands in locales that write other digits or other capital letters. The application sets a
 * neutral locale when it starts; here the commands run without that.
 */
class LocaleTest {
  private final Locale before = Locale.getDefault();
  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  @AfterEach
  void restore() {
    Locale.setDefault(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG-u-nu-arab", "fa-IR", "th-TH-u-nu-thai", "mr-IN", "tr-TR"})
  void commands_writeTheSameNamesAndNumbers(String tag) throws IOException {
    Locale.setDefault(Locale.forLanguageTag(tag));
    if (!tag.startsWith("tr")) {
      assertThat("%d".formatted(1)).as("the locale has its own digits").isNotEqualTo("1");
    }
    terminal.succeeds(Terminal.generate("--count 11 --out @/y"));
    assertThat(folder.resolve("y/00010.png")).exists();
    Terminal.writeImages(folder.resolve("images"));
    terminal.succeeds("datasets check @/images --size 8");
    assertThat(terminal.stdout()).contains("0 broken of 20, accepted");
    Files.writeString(
        folder.resolve("recipe.json"),
        """
        {"model": "tiny",
         "network": {"sample_size": 8, "in_channels": 3, "out_channels": 3,
           "block_out_channels": [8, 8], "layers_per_block": 1, "norm_num_groups": 4,
           "down_block_types": ["DownBlock2D", "DownBlock2D"],
           "up_block_types": ["UpBlock2D", "UpBlock2D"], "add_attention": false},
         "dataset": {"size": 8}, "loss": "mean", "iterations": 2, "batchSize": 4,
         "microBatch": 2, "checkpointEvery": 2, "sampleEvery": 2}
        """);
    terminal.succeeds("train @/recipe.json --data @/images --out @/model");
    assertThat(folder.resolve("model/training/samples-0000002.png")).exists();
    assertThat(folder.resolve("model/training/log.csv")).content().matches("(?s)[ -~\n]+");
  }

  @Test
  void enumsAndOptions_areReadInTurkish() {
    Locale.setDefault(Locale.forLanguageTag("tr-TR"));
    OneSystem system = new OneSystem();
    assertThat(terminal.run(system, "submit src/test/resources/none.json --kind training"))
        .isEqualTo(2);
    assertThat(terminal.stderr()).contains("none.json cannot be read: no such file or folder");
  }
}
