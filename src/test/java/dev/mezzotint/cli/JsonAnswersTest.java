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

/** What programs read: with {@code --json} one object a line, and nothing else. */
class JsonAnswersTest {
  /** They print nothing but what they write into a file, or speak to people alone. */
  private static final Set<String> WITHOUT =
      Set.of("evaluate-once", "completion", "bench", "models", "jobs", "datasets");

  private static final Instant TIME = Instant.parse("2026-11-22T12:00:00Z");

  private final OneSystem system = new OneSystem();
  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void sitDown() {
    terminal = new Terminal(folder);
  }

  private List<Map<String, Object>> objects(int code, CommandContext surroundings, String line) {
    assertThat(terminal.run(surroundings, line))
        .as("%s: %s", line, terminal.said())
        .isEqualTo(code);
    return terminal
        .printed()
        .lines()
        .map(text -> JsonObject.parse(text.getBytes(UTF_8)).toMap())
        .toList();
  }

  private Map<String, Object> object(String line) {
    List<Map<String, Object>> all = objects(0, Terminal.SURROUNDINGS, line);
    assertThat(all).as(terminal.printed()).hasSize(1);
    return all.get(0);
  }

  private static JobEvent event(JobEvent.Type type, long sequence, Map<String, Object> data) {
    return new JobEvent("e" + sequence, type, "poster", 1, sequence, TIME, data);
  }

  @Test
  void everyCommandThatTellsSomethingTellsItInJson() {
    CommandLine line = Mezzotint.line(Terminal.SURROUNDINGS, List.of(), List.of());
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
  void generateNamesItsFiles() {
    Map<String, Object> told = object(Terminal.generate("--count 2 --out @/y --json"));
    assertThat(told)
        .containsEntry("samples", 2)
        .containsEntry("sampler", "ab2")
        .containsEntry("steps", 2)
        .containsEntry("width", 16)
        .containsEntry("out", folder.resolve("y").toString())
        .containsEntry(
            "files", List.of("samples.safetensors", "00000.png", "00001.png", "grid.png"));
    assertThat(terminal.said()).isEmpty();
    for (Object file : (List<?>) told.get("files")) {
      assertThat(folder.resolve("y").resolve(file.toString())).exists();
    }
    told = object(Terminal.generate("--trajectory --out @/z --json"));
    assertThat(told.get("files")).asString().contains("trajectory.png");
    terminal.succeeds(Terminal.generate("--out @/z"));
    assertThat(terminal.printed()).isEmpty();
    assertThat(terminal.said()).contains("1 samples");
  }

  @Test
  void modelsThatComeAndGoAreTold() {
    String version = ModelFolder.openPath(Path.of(Terminal.DEFAULTS)).version();
    assertThat(object("import " + Terminal.DEFAULTS + " --to @/mine --json"))
        .containsEntry("name", "iadb_defaults")
        .containsEntry("version", version)
        .containsEntry("prediction", "direction")
        .containsKey("timestepScale");
    assertThat(object("export @/mine --to @/half --dtype float16 --json"))
        .containsEntry("dtype", "float16")
        .containsEntry("to", folder.resolve("half").toString());
    assertThat(terminal.said()).isEmpty();
    assertThat(terminal.run("models show @/mine --json")).isZero();
    assertThat(JsonObject.parse(terminal.printed().getBytes(UTF_8)).toMap())
        .containsKeys("card", "network");
    assertThat(terminal.run("models show @/mine")).isZero();
    assertThat(terminal.printed()).contains("network.block_out_channels: [", "bytes: ");
  }

  @Test
  void aTrainingTellsWhereItEnded() throws IOException {
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
    Terminal.drawPictures(folder.resolve("pictures"));
    assertThat(object("train @/recipe.json --data @/pictures --out @/model --json"))
        .containsEntry("model", "tiny")
        .containsEntry("steps", 4)
        .containsEntry("finished", true)
        .containsEntry("broken", 0)
        .containsKeys("loss", "inputWait");
  }

  @Test
  void aStudyIsAnObject() {
    Map<String, Object> told = object("study stability --out @/figures --json");
    assertThat(told).containsEntry("study", "stability");
    assertThat((List<?>) told.get("lines")).isNotEmpty();
  }

  @Test
  void submitAndWatchPrintEventsAsTheyStandInTheTopic() throws IOException {
    Files.writeString(folder.resolve("r.json"), "{\"id\": \"poster\", \"model\": \"m\"}");
    assertThat(objects(0, system, "submit @/r.json --json"))
        .containsExactly(Map.of("type", "submitted", "jobId", "poster", "kind", "generation"));
    assertThat(terminal.said()).isEmpty();
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
    assertThat(objects(0, system, "submit @/r.json --out @/poster --json").get(4))
        .containsEntry("type", "fetched")
        .containsEntry("files", List.of(folder.resolve("poster/00000.png").toString()));
    assertThat(folder.resolve("poster/00000.png")).hasContent("poster");
    assertThat(terminal.run(system, "watch poster --out @/again")).isZero();
    assertThat(terminal.printed()).contains("1 files: ");
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
    assertThat(terminal.printed()).contains(cause);
  }

  @Test
  void anIdThatNoEventCanHaveIsRefusedBeforeItIsSent() throws IOException {
    Files.writeString(folder.resolve("bad.json"), "{\"id\":\"../x\",\"model\":\"tiny\"}");
    terminal.refuses(system, "submit @/bad.json --watch", "id must be 1 to 128 letters", "../x");
    terminal.refuses(system, "watch ../x", "id must be 1 to 128 letters");
  }

  @Test
  void jobsAndTopicsThatAreStoppedAreTold() {
    assertThat(objects(0, system, "cancel poster --json"))
        .containsExactly(Map.of("jobId", "poster", "calledOff", true));
    assertThat(objects(0, system, "pause generation --json"))
        .containsExactly(Map.of("paused", List.of("generation!")));
    assertThat(objects(0, system, "resume generation --json"))
        .containsExactly(Map.of("resumed", List.of("generation?")));
    assertThat(terminal.said()).isEmpty();
  }

  @Test
  void whatIsWrongIsALineForPeopleEitherWay() {
    terminal.refuses(
        Terminal.generate("--steps 0 --json --out @/y").replace("--steps 2 ", ""), "--steps", "0");
    assertThat(terminal.printed()).isEmpty();
  }
}
