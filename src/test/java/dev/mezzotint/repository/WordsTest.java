package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Keeps words out of code and documents that obscure who does what (CONTRIBUTING.md, "English").
 * The changelog is not checked, because its upgrade notes quote old names.
 */
class WordsTest {
  private static final List<Path> ROOTS =
      Stream.of(
              "src",
              "docs",
              "models",
              "examples",
              "k8s",
              ".github",
              "README.md",
              "CONTRIBUTING.md",
              "SECURITY.md")
          .map(Path::of)
          .toList();

  private static final Pattern TEXT_FILE =
      Pattern.compile(".*\\.(java|md|ya?ml|json|js|html|css|properties|proto|py|mjs|go|sh|txt)");

  // In parts, so that this file does not match itself.
  private static final Pattern WORDS =
      Pattern.compile(
          "(?i:\\b(some"
              + "body|no"
              + "body|who"
              + "ever|a"
              + "new|called"
              + " ?off)\\b)"
              // The same as parts of names of methods.
              + "|void \\w+(Some"
              + "body|No"
              + "body|Called"
              + "Off|Pict"
              + "ure)");

  /** Readers of data that was written under old names. */
  private static final Set<Path> READERS_OF_OLD_DATA = Set.of();

  @Test
  void unclearWords_occurNowhere() throws IOException {
    List<String> found = new ArrayList<>();
    int files = 0;
    for (Path root : ROOTS) {
      try (Stream<Path> all = Files.walk(root)) {
        for (Path file : all.filter(path -> isText(path)).toList()) {
          files++;
          List<String> lines = Files.readAllLines(file);
          for (int i = 0; i < lines.size(); i++) {
            if (WORDS.matcher(lines.get(i)).find()) {
              found.add(file + ":" + (i + 1) + ": " + lines.get(i).strip());
            }
          }
        }
      }
    }

    assertThat(files).isGreaterThan(500);
    assertThat(found).isEmpty();
  }

  private static boolean isText(Path path) {
    return TEXT_FILE.matcher(path.toString()).matches()
        && Files.isRegularFile(path)
        && !READERS_OF_OLD_DATA.contains(path);
  }
}
