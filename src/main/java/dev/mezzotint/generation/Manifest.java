package dev.mezzotint.generation;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * {@code manifest.json}: how a job ended, and with what. Its conditional creation is the commit:
 * the first one that stands is the job's end, and the terminal event derives from its bytes alone.
 *
 * @param state a terminal one
 * @param attempt the attempt that ended the job; 0 if none was made
 * @param settings all that is needed to make the same pictures again; for completed jobs
 * @param images in the order of their index; for completed jobs
 * @param grid for completed jobs that asked for it
 * @param field of the request that is at fault; empty if none
 * @param cause one sentence; empty for completed jobs
 */
record Manifest(
    JobId id,
    JobEvent.Type state,
    int attempt,
    Instant created,
    String fingerprint,
    Optional<Settings> settings,
    List<Image> images,
    Optional<Grid> grid,
    String field,
    String cause) {

  static final int SCHEMA = 1;

  private static final List<String> STATES =
      Stream.of(JobEvent.Type.values())
          .filter(JobEvent.Type::terminal)
          .map(JobEvent.Type::word)
          .toList();

  /**
   * @param model {@code name@version}
   */
  record Settings(
      String model, String sampler, int steps, String schedule, OptionalInt classLabel) {}

  /**
   * @param sha256 of the bytes that stand in the store
   * @param seed and {@code noiseIndex}: the noise that the image began as
   */
  record Image(
      String key, String sha256, int bytes, int width, int height, long seed, int noiseIndex) {}

  /** All images in one. */
  record Grid(String key, String sha256, int bytes) {}

  Manifest {
    if (!state.terminal()) {
      throw new IllegalArgumentException("a manifest is the end of a job, not " + state);
    }
    images = List.copyOf(images);
  }

  static Manifest completed(
      JobRecord job, Instant now, Settings settings, List<Image> images, Optional<Grid> grid) {
    return new Manifest(
        job.id(),
        JobEvent.Type.COMPLETED,
        job.attempts(),
        now,
        job.fingerprint(),
        Optional.of(settings),
        images,
        grid,
        "",
        "");
  }

  static Manifest failed(JobRecord job, Instant now, InvalidInputException refusal) {
    String cause = String.valueOf(refusal.getMessage());
    return without(job, JobEvent.Type.FAILED, now, refusal.field(), cause);
  }

  static Manifest failed(JobRecord job, Instant now, String cause) {
    return without(job, JobEvent.Type.FAILED, now, "", cause);
  }

  static Manifest expired(JobRecord job, Instant now, GenerationRequest request) {
    String cause = "deadline " + request.deadline().orElseThrow() + " has passed";
    return without(job, JobEvent.Type.EXPIRED, now, "deadline", cause);
  }

  static Manifest cancelled(JobRecord job, Instant now) {
    return without(job, JobEvent.Type.CANCELLED, now, "", "called off");
  }

  private static Manifest without(
      JobRecord job, JobEvent.Type state, Instant now, String field, String cause) {
    return new Manifest(
        job.id(),
        state,
        job.attempts(),
        now,
        job.fingerprint(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        field,
        cause);
  }

  byte[] toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", SCHEMA);
    json.put("id", id.value());
    json.put("state", state.word());
    json.put("attempt", attempt);
    json.put("created", created.toString());
    json.put("fingerprint", fingerprint);
    settings.ifPresent(s -> json.put("settings", toMap(s)));
    if (state == JobEvent.Type.COMPLETED) {
      json.put("images", images.stream().map(Manifest::toMap).toList());
    }
    grid.ifPresent(g -> json.put("grid", toMap(g)));
    if (!field.isEmpty()) {
      json.put("field", field);
    }
    if (!cause.isEmpty()) {
      json.put("cause", cause);
    }
    return JsonText.writePretty(json);
  }

  private static Map<String, Object> toMap(Settings settings) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", settings.model());
    json.put("sampler", settings.sampler());
    json.put("steps", settings.steps());
    json.put("schedule", settings.schedule());
    settings.classLabel().ifPresent(k -> json.put("classLabel", k));
    return json;
  }

  private static Map<String, Object> toMap(Image image) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("key", image.key());
    json.put("sha256", image.sha256());
    json.put("bytes", image.bytes());
    json.put("width", image.width());
    json.put("height", image.height());
    json.put("seed", image.seed());
    json.put("noiseIndex", image.noiseIndex());
    return json;
  }

  private static Map<String, Object> toMap(Grid grid) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("key", grid.key());
    json.put("sha256", grid.sha256());
    json.put("bytes", grid.bytes());
    return json;
  }

  /**
   * @throws InvalidInputException if these are not the bytes of a manifest, or are of a later
   *     schema
   */
  static Manifest parse(byte[] bytes) {
    JsonObject json = JsonObject.parse(bytes);
    json.integer("schema", SCHEMA, SCHEMA)
        .orElseThrow(() -> json.refuse("schema", "is missing: " + SCHEMA + " is required"));
    String state =
        json.word("state", STATES)
            .orElseThrow(() -> json.refuse("state", "is missing: how the job ended"));
    List<Image> images = new ArrayList<>();
    for (JsonObject image :
        json.objects("images", GenerationLimits.IMAGES_CEILING).orElse(List.of())) {
      images.add(parseImage(image));
    }
    return new Manifest(
        JobId.read(json),
        JobEvent.Type.valueOf(state.toUpperCase(java.util.Locale.ROOT)),
        json.integer("attempt", 0, Integer.MAX_VALUE, 0),
        JobRecord.time(json, "created"),
        json.requiredString("fingerprint"),
        json.object("settings").map(Manifest::parseSettings),
        images,
        json.object("grid").map(Manifest::parseGrid),
        json.string("field", ""),
        json.string("cause", ""));
  }

  private static Settings parseSettings(JsonObject json) {
    int classLabel = json.integer("classLabel", 0, Integer.MAX_VALUE, -1);
    return new Settings(
        json.requiredString("model"),
        json.requiredString("sampler"),
        json.integer("steps", 1, Integer.MAX_VALUE, 1),
        json.requiredString("schedule"),
        classLabel < 0 ? OptionalInt.empty() : OptionalInt.of(classLabel));
  }

  private static Image parseImage(JsonObject json) {
    return new Image(
        json.requiredString("key"),
        json.requiredString("sha256"),
        json.integer("bytes", 0, Integer.MAX_VALUE, 0),
        json.integer("width", 0, Integer.MAX_VALUE, 0),
        json.integer("height", 0, Integer.MAX_VALUE, 0),
        json.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE, 0),
        json.integer("noiseIndex", 0, Integer.MAX_VALUE, 0));
  }

  private static Grid parseGrid(JsonObject json) {
    return new Grid(
        json.requiredString("key"),
        json.requiredString("sha256"),
        json.integer("bytes", 0, Integer.MAX_VALUE, 0));
  }
}
