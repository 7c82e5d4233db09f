package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonSchema;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that schemas, docs/messages.md and code agree on training messages. */
class TrainingMessagesTest {
  @TempDir Path folder;

  private static JsonSchema schema(String name) throws IOException {
    try (InputStream in =
        TrainingMessagesTest.class.getResourceAsStream("/schema/" + name + ".schema.json")) {
      return new JsonSchema(in.readAllBytes());
    }
  }

  private static JsonObject example(String name) throws IOException {
    String page = Files.readString(Path.of("docs/messages.md"));
    Matcher block =
        Pattern.compile(
                "<!-- example: " + Pattern.quote(name) + " -->\\s*```json\\n(.*?)```",
                Pattern.DOTALL)
            .matcher(page);
    assertThat(block.find()).as("example %s", name).isTrue();
    return JsonObject.parse(block.group(1).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void requestExample_isValid_andParsed() throws Exception {
    JsonObject example = example("training-request");
    assertThat(schema("training-request").accepts(example.toMap())).isTrue();
    assertThat(TrainingRequest.isTrainingRequest(example)).isTrue();
    TrainingRequest request = TrainingRequest.parse(example, TrainingLimits.DEFAULT);
    assertThat(request.recipe().iterations()).isEqualTo(20_000);
    assertThat(request.recipe().from()).contains("avatars-32@latest");
    assertThat(request.data().orElseThrow().text()).isEqualTo("datasets/faces.zip");
    assertThat(request.keepEvery()).isEqualTo(10_000);
    assertThat(request.tenant()).isEqualTo("game-studio");
  }

  @Test
  void schema_hasTheFieldsThatTheCodeReads() throws Exception {
    Set<String> read = new TreeSet<>(TrainingRequest.JOB_FIELDS);
    read.addAll(known(TrainingWorld.request("a")));
    read.addAll(
        known(
            "{\"id\":\"a\",\"model\":\"p\",\"network\":{\"kind\":\"mlp\",\"dimensions\":2,"
                + "\"hidden\":[4]},\"p0\":\"triangle\",\"p1\":\"square\",\"iterations\":3}"));
    assertThat(schema("training-request").properties()).isEqualTo(read);
  }

  private static Set<String> known(String json) {
    Map<String, Object> members = new TreeMap<>(JsonObject.parse(json).toMap());
    members.put("?", 1);
    InvalidInputException refusal =
        catchThrowableOfType(
            InvalidInputException.class,
            () ->
                TrainingRequest.parse(
                    JsonObject.parse(JsonText.write(members)), TrainingLimits.DEFAULT));
    return Set.copyOf(Arrays.asList(refusal.getMessage().split("known are ")[1].split(", ")));
  }

  @Test
  void perceptron_isTrainedWithoutDataset() throws Exception {
    TrainingWorld world = new TrainingWorld(folder);
    world
        .worker()
        .handle(
            world.record(
                "{\"id\":\"a\",\"model\":\"p\",\"network\":{\"kind\":\"mlp\",\"dimensions\":2,"
                    + "\"hidden\":[4]},\"p0\":\"triangle\",\"p1\":\"square\",\"iterations\":3,"
                    + "\"timestepScale\":1}"));
    world.checkCompleted("a");
    assertThat(world.model("a").samples()).isEmpty();
  }

  @Test
  void publishedEvents_areValid_andHaveTheFieldsOfTheirExamples() throws Exception {
    TrainingWorld world = new TrainingWorld(folder);
    FaultInjector.Fault slow =
        (after, call, subject) -> {
          if (after && call.equals("upload") && subject.contains("/checkpoints/0000004-")) {
            pause(); // until progress is due
          }
        };
    world.worker("w1", slow).handle(world.record(TrainingWorld.request("a")));
    Set<String> seen = new TreeSet<>();
    for (JobEvent event : world.log.events()) {
      String word = event.type().wireName();
      Map<String, Object> wire = wire(event);
      assertThat(schema("event-" + word).accepts(wire)).as("%s", wire).isTrue();
      if (seen.add(word) && (word.equals("progressed") || word.equals("completed"))) {
        Map<String, Object> example = example("training-" + word).toMap();
        assertThat(schema("event-" + word).accepts(example)).isTrue();
        assertThat(example.keySet()).isEqualTo(wire.keySet());
      }
    }
    assertThat(seen).containsExactly("accepted", "completed", "progressed", "started");
  }

  @Test
  void reflowPairs_areReportedBeforeTheFirstStep() throws Exception {
    TrainingWorld world = new TrainingWorld(folder);
    world.runUninterrupted();
    FaultInjector.Fault slow =
        (after, call, subject) -> {
          if (after && call.equals("create") && subject.contains("/checkpoints/pairs/")) {
            pause(); // until progress is due
          }
        };
    String reflow = "\"from\": \"tiny@latest\", \"reflow\": {\"pairs\": 8, \"steps\": 2}, ";
    String request = TrainingWorld.request("a").replace("\"model\"", reflow + "\"model\"");
    world.worker("w1", slow).handle(world.record(request));
    JobEvent first =
        world.log.events().stream()
            .filter(event -> event.jobId().equals("a"))
            .filter(event -> event.type() == JobEvent.Type.PROGRESSED)
            .findFirst()
            .orElseThrow();
    assertThat(first.data()).containsEntry("pairs", 8).containsEntry("pairsTotal", 8);
    Map<String, Object> example = example("training-pairs").toMap();
    for (Map<String, Object> event : List.of(example, wire(first))) {
      assertThat(schema("event-progressed").accepts(event)).isTrue();
      assertThat(event.keySet()).isEqualTo(example.keySet());
    }
  }

  private static Map<String, Object> wire(JobEvent event) {
    Map<String, Object> value = new TreeMap<>(event.data());
    value.put("id", event.id());
    value.put("type", event.type().wireName());
    value.put("jobId", event.jobId());
    value.put("attempt", event.attempt());
    value.put("sequence", event.sequence());
    value.put("time", event.time().toString());
    return JsonObject.parse(JsonText.write(value)).toMap();
  }

  private static void pause() {
    try {
      Thread.sleep(2_100);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
