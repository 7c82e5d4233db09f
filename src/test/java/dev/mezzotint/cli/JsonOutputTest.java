package dev.mezzotint.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.Mezzotint;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Tests {@code --json}: one object a line on standard output, and nothing else. */
class JsonOutputTest {
  /** Commands without results on standard output, and groups of commands. */
  private static final Set<String> WITHOUT =
      Set.of(
          "evaluate-once",
          "completion",
          "help",
          "version",
          "bench",
          "models",
          "jobs",
          "datasets",
          "worker");

  private static final Instant TIME = Instant.parse("2026-11-22T12:00:00Z");

  private final OneSystem system = new OneSystem();
  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  private List<Map<String, Object>> objects(int code, CommandContext surroundings, String line) {
    assertThat(terminal.run(surroundings, line))
        .as("%s: %s", line, terminal.stderr())
        .isEqualTo(code);
    return terminal
        .stdout()
        .lines()
        .map(text -> JsonObject.parse(text.getBytes(UTF_8)).toMap())
        .toList();
  }

  private Map<String, Object> object(String line) {
    List<Map<String, Object>> all = objects(0, Terminal.CONTEXT, line);
    assertThat(all).as(terminal.stdout()).hasSize(1);
    return all.get(0);
  }

  private static JobEvent event(JobEvent.Type type, long sequence, Map<String, Object> data) {
    return new JobEvent("e" + sequence, type, "poster", 1, sequence, TIME, data);
  }

  @Test
  void everyCommandWithResults_hasJsonOption() {
    CommandLine line = Mezzotint.commandLine(Terminal.CONTEXT);
    line.getSubcommands()
        .forEach(
            (name, command) -> {
              if (!WITHOUT.contains(name)) {
                assertThat(command.getCommandSpec().optionsMap()).as(name).containsKey("--json");
              }
            });
    for (String group : List.of("models", "jobs", "datasets", "bench")) {
      line.getSubcommands()
          .get(group)
          .getSubcommands()
          .forEach(
              (name, command) ->
                  assertThat(command.getCommandSpec().optionsMap())
                      .as("%s %s", group, name)
                      .containsKey("--json"));
    }
  }

  @Test
  void generate_listsItsFiles() {
    Map<String, Object> told = object(Terminal.generate("--count 2 --out @/y --json"));
    assertThat(told)
        .containsEntry("samples", 2)
        .containsEntry("sampler", "ab2")
        .containsEntry("steps", 2)
        .containsEntry("width", 16)
        .containsEntry("out", folder.resolve("y").toString())
        .containsEntry(
            "files", List.of("samples.safetensors", "00000.png", "00001.png", "grid.png"));
    assertThat(terminal.stderr()).isEmpty();
    for (Object file : (List<?>) told.get("files")) {
      assertThat(folder.resolve("y").resolve(file.toString())).exists();
    }
    told = object(Terminal.generate("--trajectory --out @/z --json"));
    assertThat(told.get("files")).asString().contains("trajectory.png", "trajectory-sheet.png");
    terminal.succeeds(Terminal.generate("--out @/z"));
    assertThat(terminal.stdout())
        .isEqualTo("1 image in %1$s, all in one: %1$s/grid.png%n".formatted(folder.resolve("z")));
    assertThat(terminal.stderr())
        .isEqualTo("replacing images in %s%n".formatted(folder.resolve("z")));
  }

  @Test
  void importAndExport_printTheModel() {
    String version = ModelFolder.openPath(Path.of(Terminal.DEFAULTS)).version();
    assertThat(object("import " + Terminal.DEFAULTS + " --to @/mine --json"))
        .containsEntry("name", "iadb_defaults")
        .containsEntry("version", version)
        .containsEntry("prediction", "direction")
        .containsKey("timestepScale");
    assertThat(object("export @/mine --to @/half --dtype float16 --json"))
        .containsEntry("dtype", "float16")
        .containsEntry("out", folder.resolve("half").toString());
    assertThat(terminal.stderr()).isEmpty();
    assertThat(terminal.run("models show @/mine --json")).isZero();
    assertThat(JsonObject.parse(terminal.stdout().getBytes(UTF_8)).toMap())
        .containsKeys("card", "network");
    assertThat(terminal.run("models show @/mine")).isZero();
    assertThat(terminal.stdout()).contains("draws     16×16", "licence   unknown");
  }

  @Test
  void train_printsItsResult() throws IOException {
    Files.writeString(
        folder.resolve("recipe.json"),
        """
        {"model": "tiny",
         "network": {"sample_size": 8, "block_out_channels": [8, 8],
           "down_block_types": ["DownBlock2D", "DownBlock2D"],
           "up_block_types": ["UpBlock2D", "UpBlock2D"],
           "layers_per_block": 1, "norm_num_groups": 4},
         "dataset": {"size": 8}, "iterations": 4, "batchSize": 4}
        """);
    Terminal.writeImages(folder.resolve("pictures"));
    assertThat(object("train @/recipe.json --data @/pictures --out @/model --json"))
        .containsEntry("model", "tiny")
        .containsEntry("steps", 4)
        .containsEntry("finished", true)
        .containsEntry("broken", 0)
        .containsKeys("loss", "inputWait");
  }

  @Test
  void study_printsOneObject() {
    Map<String, Object> told = object("study stability --out @/figures --json");
    assertThat(told).containsEntry("study", "stability");
    assertThat((List<?>) told.get("lines")).isNotEmpty();
  }

  @Test
  void submitAndWatch_printEvents() throws IOException {
    Files.writeString(folder.resolve("r.json"), "{\"id\": \"poster\", \"model\": \"m\"}");
    assertThat(objects(0, system, "submit @/r.json --json"))
        .containsExactly(Map.of("type", "submitted", "jobId", "poster", "kind", "generation"));
    assertThat(terminal.stderr()).isEmpty();
    assertThat(system.asked).containsExactly("submit GENERATION poster");
    system.events =
        List.of(
            event(JobEvent.Type.ACCEPTED, 1, Map.of("model", "m@1")),
            event(JobEvent.Type.STARTED, 2, Map.of()),
            event(JobEvent.Type.COMPLETED, 3, Map.of("images", "x".repeat(500))));
    List<Map<String, Object>> lines = objects(0, system, "submit @/r.json --watch --json");
    assertThat(lines.stream().map(line -> line.get("type")))
        .containsExactly("submitted", "accepted", "started", "completed");
    assertThat(lines.get(1))
        .containsEntry("model", "m@1")
        .containsEntry("id", "e1")
        .containsEntry("sequence", 1)
        .containsEntry("time", TIME.toString())
        .doesNotContainKey("location");
    assertThat(lines.get(3))
        .containsEntry("location", "s3://bucket/jobs/poster/")
        .containsEntry("images", "x".repeat(500));
    system.store.put("jobs/poster/images/00000.png", "poster".getBytes(UTF_8), "image/png");
    assertThat(objects(0, system, "submit @/r.json --out @/poster --json").get(4))
        .containsEntry("type", "fetched")
        .containsEntry("files", List.of(folder.resolve("poster/00000.png").toString()));
    assertThat(folder.resolve("poster/00000.png")).hasContent("poster");
    assertThat(terminal.run(system, "watch poster --out @/again")).isZero();
    assertThat(terminal.stdout()).contains("1 file: ");
    terminal.refuses(system, "watch poster --out @/r.json", "--out", "is not a folder");
    system.events =
        List.of(event(JobEvent.Type.FAILED, 1, Map.of("field", "steps", "cause", "steps is 0")));
    assertThat(objects(2, system, "watch poster --json"))
        .singleElement()
        .satisfies(line -> assertThat(line).containsEntry("cause", "steps is 0"));
    String cause = "unknown field \"stepz\": known are " + "steps, ".repeat(40);
    system.events =
        List.of(event(JobEvent.Type.FAILED, 1, Map.of("field", "stepz", "cause", cause)));
    assertThat(terminal.run(system, "watch poster")).isEqualTo(2);
    assertThat(terminal.stdout()).contains(cause);
  }

  @Test
  void submitAndWatch_refuseInvalidIds() throws IOException {
    Files.writeString(folder.resolve("bad.json"), "{\"id\":\"../x\",\"model\":\"tiny\"}");
    terminal.refuses(system, "submit @/bad.json --watch", "id must be 1 to 128 letters", "../x");
    terminal.refuses(system, "watch ../x", "id must be 1 to 128 letters");
  }

  @Test
  void cancelPauseAndResume_printTheirResult() {
    assertThat(objects(0, system, "cancel poster --force --json"))
        .containsExactly(Map.of("jobId", "poster", "cancelRequested", true));
    assertThat(objects(0, system, "pause generation --json"))
        .containsExactly(Map.of("paused", List.of("generation!")));
    assertThat(objects(0, system, "resume generation --json"))
        .containsExactly(Map.of("resumed", List.of("generation?")));
    assertThat(terminal.stderr()).isEmpty();
  }

  @Test
  void errorsAreTextWithJsonToo() {
    terminal.refuses(
        Terminal.generate("--steps 0 --json --out @/y").replace("--steps 2 ", ""), "--steps", "0");
    assertThat(terminal.stdout()).isEmpty();
  }
}
