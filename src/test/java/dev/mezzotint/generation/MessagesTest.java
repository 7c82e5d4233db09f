package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.again;
import static dev.mezzotint.generation.World.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.JobEvents;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonSchema;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.sampling.NoiseSampler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The schemas, docs/messages.md and the code agree. */
class MessagesTest {

  private static JsonSchema schema(String name) throws IOException {
    try (InputStream in =
        MessagesTest.class.getResourceAsStream("/schema/" + name + ".schema.json")) {
      return new JsonSchema(in.readAllBytes());
    }
  }

  private static byte[] example(String name) throws IOException {
    String page = Files.readString(Path.of("docs/messages.md"));
    Matcher block =
        Pattern.compile(
                "<!-- example: " + Pattern.quote(name) + " -->\\s*```json\\n(.*?)```",
                Pattern.DOTALL)
            .matcher(page);
    assertThat(block.find()).as("example %s", name).isTrue();
    return block.group(1).getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void exampleOfTheRequest_isValidAndIsCarriedOut() throws Exception {
    byte[] example = example("generation-request");
    assertThat(schema("generation-request").accepts(JsonObject.parse(example).toMap())).isTrue();
    World world = new World();
    world.sampling.put(NoiseSampler.model("avatars-32", "1"));
    world.worker().handle(world.record(example));
    String id = JsonObject.parse(example).requiredString("id");
    world.checkEnded(id);
    assertThat(world.log.ends(id).get(0).type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(world.images(id).images()).hasSize(16);
  }

  @Test
  void schema_hasTheFieldsThatTheCodeReads() throws Exception {
    Set<String> read = new TreeSet<>();
    InvalidInputException refusal =
        catchThrowableOfType(
            InvalidInputException.class, () -> parse(Map.of("id", "a", "model", "m", "?", 1)));
    read.addAll(Arrays.asList(refusal.getMessage().split("known are ")[1].split(", ")));
    assertThat(schema("generation-request").properties()).isEqualTo(read);
  }

  @Test
  void schema_requiresTheFieldsThatTheCodeRequires() throws Exception {
    assertThat(schema("generation-request").required()).isEqualTo(List.of("id", "model"));
    parse(Map.of("id", "a", "model", "m"));
    assertThatThrownBy(() -> parse(Map.of("id", "a"))).hasMessageContaining("model is missing");
    assertThatThrownBy(() -> parse(Map.of("model", "a"))).hasMessageContaining("id is missing");
  }

  /** Good and bad values of each field; a request takes some of them. */
  private static final Map<String, List<Object>> VALUES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("id", List.of("a", "A.b_c-9", "", ".a", "a/b", "x".repeat(129), 7)),
              Map.entry("model", List.of("m", "m@latest", "m@1.2", "m@", "@m", "a/b", true)),
              Map.entry("count", List.of(1, 10_000, 0, -1, 10_001, 1_000_000_000, "1", 1.5)),
              Map.entry("seed", List.of(0, (1L << 53) - 1, 1L << 53, -1, "x")),
              Map.entry(
                  "seeds", List.of(List.of(0), List.of(), List.of(-1), List.of("a"), 7, Map.of())),
              Map.entry("steps", List.of(1, 1_000, 0, 1_001, "8", 2.5, List.of())),
              Map.entry("sampler", List.of("euler", "rk4", "ab3", "EULER", "ddim", 1)),
              Map.entry("schedule", List.of("uniform", "cosine", "karras", 1)),
              Map.entry(
                  "condition",
                  List.of(
                      "a.png",
                      List.of("a.png"),
                      List.of(Map.of("key", "a.png", "size", 4)),
                      Map.of("key", "a.png", "sha256", "0".repeat(64)),
                      Map.of("mediaType", "image/png", "data", "aGFsbG8="),
                      "",
                      List.of(),
                      List.of(7),
                      Map.of("key", "a", "data", "aGFsbG8=", "mediaType", "image/png"),
                      Map.of("key", "a", "sha256", "xyz"),
                      Map.of("key", "a", "size", 0),
                      Map.of("mediaType", "image/gif", "data", "aGFsbG8="),
                      Map.of("mediaType", "image/png", "data", "%%%%"),
                      Map.of(),
                      7,
                      Map.of("zip", "a.zip"),
                      Map.of("zip", Map.of("key", "a.zip", "size", 3), "nearest", true),
                      Map.of("zip", Map.of("data", "aGFsbG8=", "mediaType", "image/png")),
                      Map.of("prefix", "a/", "resize", true),
                      Map.of("prefix", "a/", "zip", "a.zip"),
                      Map.of("prefix", ""),
                      Map.of("list", List.of("a.png"), "nearest", false),
                      Map.of("list", "a.png"),
                      Map.of("key", "a.png", "nearest", true),
                      Map.of("key", "a.png", "nearest", 1),
                      Map.of("nearest", true),
                      Map.of("parts", Map.of("labels", "a.png", "depth", List.of("b.png"))),
                      Map.of("parts", Map.of("labels", Map.of("zip", "a.zip")), "resize", true),
                      Map.of("parts", Map.of("labels", Map.of("key", "a", "nearest", true))),
                      Map.of("parts", Map.of("/", "a.png")),
                      Map.of("parts", Map.of("labels", 7)),
                      Map.of("parts", Map.of()),
                      Map.of("parts", Map.of("labels", "a.png"), "key", "b.png"))),
              Map.entry("variations", List.of(2, 1, 0, 10_001, "2")),
              Map.entry("noise", List.of("shared", "per-frame", "none", 1)),
              Map.entry("strict", List.of(true, false, "yes")),
              Map.entry(
                  "references",
                  List.of(
                      "r.png",
                      List.of("r.png"),
                      Map.of("prefix", "r/"),
                      Map.of("zip", "r.zip", "nearest", true),
                      7)),
              Map.entry("classLabel", List.of(0, 1_000_000, -1, 1_000_001, "a")),
              Map.entry("guidance", List.of(0, 1, 7.5, 100, -0.1, 100.5, "1")),
              Map.entry(
                  "init",
                  List.of(
                      Map.of("image", "a.png", "alpha", 0.5),
                      Map.of("image", "a.png", "alpha", 0),
                      Map.of("image", "a.png", "alpha", 1),
                      Map.of("image", "a.png"),
                      Map.of("alpha", 0.5),
                      Map.of("image", "a.png", "alpha", 0.5, "x", 1),
                      "a.png")),
              Map.entry("mask", List.of("m.png", Map.of("key", "m.png"), 7, List.of("m.png"))),
              Map.entry(
                  "output",
                  List.of(
                      Map.of(),
                      Map.of("format", "png", "grid", false, "trajectory", true),
                      Map.of("format", "safetensors"),
                      Map.of("format", "gif"),
                      Map.of("grid", 1),
                      Map.of("clip", true, "inline", true),
                      Map.of("clip", "yes"),
                      Map.of("x", 1),
                      "png")),
              Map.entry("priority", List.of("high", "normal", "low", "urgent", 1)),
              Map.entry("deadline", List.of("2099-12-31T23:59:59Z", 7)),
              Map.entry(
                  "webhook",
                  List.of(
                      "https://hooks.example.com/a?b=%20c",
                      "http://10.0.0.7:8443",
                      "http://[::1]:80/",
                      "ftp://hooks.example.com/",
                      "https://a@b.example/",
                      "https://b.example/#c",
                      "https://b.example/%zz",
                      "https://b.example/" + "x".repeat(2_048),
                      7)),
              Map.entry("tenant", List.of("default", "t-1", "", "a b", 7)),
              Map.entry("colour", List.of(1))));

  @Test
  void schemaAndCode_agreeOnTwentyThousandRequests() throws Exception {
    JsonSchema schema = schema("generation-request");
    Random random = new Random(1);
    int accepted = 0;
    for (int i = 0; i < 20_000; i++) {
      Map<String, Object> json = new TreeMap<>(Map.of("id", "a", "model", "m"));
      for (Map.Entry<String, List<Object>> field : VALUES.entrySet()) {
        if (random.nextInt(12) == 0) {
          int bound = random.nextBoolean() ? 1 : field.getValue().size();
          json.put(field.getKey(), field.getValue().get(random.nextInt(bound)));
        }
      }
      boolean valid = schema.accepts(JsonObject.parse(JsonText.write(json)).toMap());
      assertThat(accepts(json)).as("%s", json).isEqualTo(valid);
      accepted += valid ? 1 : 0;
    }
    assertThat(accepted).isBetween(4_000, 16_000);
  }

  private static boolean accepts(Map<String, Object> json) {
    try {
      parse(json);
      return true;
    } catch (InvalidInputException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n").contains(e.field());
      return false;
    }
  }

  private static GenerationRequest parse(Map<String, ?> json) {
    return GenerationRequest.parse(
        JsonObject.parse(JsonText.write(json)), GenerationLimits.DEFAULT);
  }

  @ParameterizedTest
  @EnumSource(JobEvent.Type.class)
  void exampleOfEachEvent_isValid(JobEvent.Type type) throws Exception {
    String name = "event-" + type.wireName();
    Map<String, Object> example = JsonObject.parse(example(name)).toMap();
    assertThat(schema(name).accepts(example)).isTrue();
    assertThat(schema(name).properties()).containsAll(example.keySet());
    assertThat(example).containsEntry("type", type.wireName());
  }

  @Test
  void examplesOfFrameJobs_areValid() throws Exception {
    Map<String, Object> request = JsonObject.parse(example("generation-request-frames")).toMap();
    assertThat(schema("generation-request").accepts(request)).isTrue();
    GenerationRequest parsed = parse(request);
    assertThat(parsed.frames().orElseThrow().variations()).isEqualTo(2);
    assertThat(parsed.frames().orElseThrow().shared()).isTrue();
    assertThat(parsed.condition().needsListing()).isTrue();
    for (String type : List.of("progressed", "completed")) {
      Map<String, Object> event = JsonObject.parse(example("event-" + type + "-frames")).toMap();
      JsonSchema schema = schema("event-" + type);
      assertThat(schema.accepts(event)).isTrue();
      assertThat(schema.properties()).containsAll(event.keySet());
    }
  }

  /** An event's value as published. */
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

  @Test
  void everyPublishedEvent_isValid_andHasTheMembersOfItsExample() throws Exception {
    World world = new World();
    var done = world.record(request("done", "\"output\":{\"grid\":true}"));
    FaultInjector.Fault crash = Crash.at("create", "jobs/done/manifest.json");
    Crash.kills(world.worker("w0", crash), done, crash);
    world.worker().handle(again(done));
    world.worker().handle(world.record(request("done", "\"seed\":8")));
    world.worker().handle(world.record(request("bad", "\"steps\":0")));
    world.worker().handle(world.record(request("late", "\"deadline\":\"2020-01-01T00:00:00Z\"")));
    world.worker().handle(world.record("{}"));
    world.cancelled.add("off");
    world.worker().handle(world.record(request("off", "\"steps\":4")));
    JobRecord job = world.jobRecord("done");
    world.log.publish(
        JobEvents.progressed(
            job, 1, Map.of("done", 2, "total", 4, "images", 0, "imagesTotal", 1), World.START));

    Set<JobEvent.Type> seen = new HashSet<>();
    for (JobEvent event : world.log.events()) {
      seen.add(event.type());
      String name = "event-" + event.type().wireName();
      Map<String, Object> wire = wire(event);
      assertThat(schema(name).accepts(wire)).as("%s", wire).isTrue();
      assertThat(JsonObject.parse(example(name)).toMap().keySet()).isEqualTo(wire.keySet());
    }
    assertThat(seen).hasSize(JobEvent.Type.values().length);
  }
}
