package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.Mezzotint;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.worker.InstalledContext;
import dev.mezzotint.worker.Site;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Checks commands, variables, files and classes of the documents. Short commands are run. */
class DocsTest {
  /** Commands that end by themselves within seconds and need no running system. */
  private static final Set<String> RUN =
      Set.of("generate", "import", "export", "datasets", "bench");

  private final CommandLine line = Mezzotint.commandLine(new InstalledContext());

  @TempDir Path folder;

  @Test
  void everyCommandOfEveryPage_isParsed() throws IOException {
    Map<Path, List<String>> unknown = new LinkedHashMap<>();
    int commands = 0;
    for (Path page : Docs.allPages()) {
      String text = Files.readString(page);
      commands += Docs.commands(text).size();
      List<String> found = Docs.unknownWords(text, line);
      if (!found.isEmpty()) {
        unknown.put(page, found);
      }
    }
    assertThat(unknown).isEmpty();
    assertThat(commands).isGreaterThan(12);
  }

  @Test
  void everyVariableOfEveryPage_isRead() throws IOException {
    Map<Path, List<String>> unknown = new LinkedHashMap<>();
    for (Path page : Docs.pages()) {
      List<String> found = Docs.unknownVariables(Files.readString(page));
      if (!found.isEmpty()) {
        unknown.put(page, found);
      }
    }
    assertThat(unknown).isEmpty();
  }

  @Test
  void everyFileAndClassOfEveryPage_exists() throws IOException {
    Map<Path, List<String>> absent = new LinkedHashMap<>();
    for (Path page : Docs.allPages()) {
      List<String> found = new ArrayList<>(Docs.absentFiles(Files.readString(page)));
      found.addAll(Docs.absentClasses(Files.readString(page)));
      if (!found.isEmpty()) {
        absent.put(page, found);
      }
    }
    assertThat(absent).isEmpty();
  }

  @Test
  void everyLinkOfEveryPage_resolves() throws IOException {
    Map<Path, List<String>> broken = new LinkedHashMap<>();
    for (Path page : Docs.allPages()) {
      List<String> found = Docs.brokenLinks(page);
      if (!found.isEmpty()) {
        broken.put(page, found);
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void everyMessageOfTroubleshooting_isPrintedByTheProgram() throws IOException {
    String page = Files.readString(Path.of("docs/troubleshooting.md")).split("## Kubernetes", 2)[0];
    assertThat(Docs.unknownMessages(page)).isEmpty();
    assertThat(Docs.unknownMessages("| `the moon is …` | |\n| `… is not a setting` | |"))
        .containsExactly("the moon is …");
  }

  @Test
  void links_toAbsentFilesAndHeadings_areFound() throws IOException {
    Path page = folder.resolve("page.md");
    Files.writeString(
        page, "# A page, of one\n[a](page.md#a-page-of-one) [b](#no) [c](other.md) [d](https://x)");
    assertThat(Docs.brokenLinks(page)).containsExactly("#no", "other.md");
  }

  @Test
  void docs_findsMistakesOnAPage() throws IOException {
    String jar = "java -jar target/quarkus-app/quarkus-run.jar ";
    assertThat(Docs.unknownWords("```sh\n" + jar + "bench scale --startups 3\n```", line))
        .singleElement()
        .asString()
        .contains("--startups");
    assertThat(Docs.unknownWords(jar + "generat --model x", line)).hasSize(1);
    assertThat(Docs.unknownWords(jar + "generate --model", line)).hasSize(1);
    assertThat(Docs.unknownWords(jar + "train R.json [--data P] \\\n    [--outt D]", line))
        .hasSize(1);
    assertThat(Docs.unknownWords("say `bench scale --speed 3`", line)).hasSize(1);
    assertThat(Docs.unknownWords("say `--no-such-thing`", line)).hasSize(1);
    assertThat(Docs.unknownWords("say `bench scale --startup 3`", line)).isEmpty();
    assertThat(Docs.unknownVariables("`MEZZOTINT_LANE` and `S3_BUKET`, not MEZZOTINT_LANES"))
        .containsExactlyInAnyOrder("MEZZOTINT_LANE", "S3_BUKET");
    assertThat(Docs.absentFiles("`kubectl apply -k k8s/overlays/locale`"))
        .containsExactly("k8s/overlays/locale");
    assertThat(Docs.absentClasses("`iadb/Solver.java`, `iadb/Solver`, `iadb/Solvent`"))
        .containsExactly("iadb/Solvent");
    assertThat(Docs.absentClasses("`training/recipe/Recipe`, `training/recipe/Receipt`"))
        .containsExactly("training/recipe/Receipt");
  }

  @Test
  void shortCommandsOfEveryPage_run() throws IOException {
    Set<String> done = new TreeSet<>();
    Set<String> ran = new TreeSet<>();
    for (Path page : Docs.pages()) {
      for (String command : Docs.commands(Files.readString(page))) {
        String first = command.split(" ", 2)[0];
        boolean runs = RUN.contains(first) && !command.contains("[") && !slow(command);
        if (runs && done.add(command)) {
          assertThat(line.execute(here(command))).as("%s on %s", command, page).isZero();
          ran.add(first);
        }
      }
    }
    assertThat(ran).isEqualTo(RUN);
  }

  /** Takes minutes, or needs a model or data of the reader's own. */
  private static boolean slow(String command) {
    return command.matches("bench (?!scale).*")
        || command.contains("--device cuda")
        || command.matches(".*--model (\\./)?my-.*")
        || command.contains("my-maps");
  }

  /** Replaces the folders of a page's example by folders of this test. */
  private String[] here(String command) throws IOException {
    List<String> words = new ArrayList<>(List.of(command.split("\\s+")));
    for (int i = 0; i < words.size(); i++) {
      String before = i == 0 ? "" : words.get(i - 1);
      if (Set.of("--out", "--to", "--sheet", "--report").contains(before)) {
        words.set(i, folder.resolve(words.get(i)).toString());
      } else if (words.get(i).equals("some-diffusers-folder")) {
        words.set(i, Site.TINY.toString());
      } else if (words.get(i).equals("my-images") || words.get(i).equals("my-pictures")) {
        words.set(i, images().toString());
      }
    }
    return words.toArray(String[]::new);
  }

  private Path images() throws IOException {
    Path images = folder.resolve("my-images");
    Files.createDirectories(images);
    for (int i = 0; i < 4; i++) {
      byte[] rgb = new byte[3 * 40 * 40];
      java.util.Arrays.fill(rgb, (byte) (40 * i));
      Files.write(images.resolve(i + ".png"), Png.encode(new Pixels(40, 40, 3, rgb)));
    }
    return images;
  }
}
