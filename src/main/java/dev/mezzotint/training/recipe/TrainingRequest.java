package dev.mezzotint.training.recipe;

import dev.mezzotint.delivery.JobRequest;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.Priority;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A request to train a model: the fields of a recipe and those of every job.
 *
 * @param data where the images are; empty for densities of the plane
 * @param keepLast number of newest checkpoints that are retained while the job runs
 * @param keepEvery checkpoints at multiples of this number of steps are kept after the job; 0 for
 *     none
 * @param deadline after which the result is useless
 * @param tenant that owns the job
 */
public record TrainingRequest(
    JobId id,
    Recipe recipe,
    Optional<DatasetReference> data,
    int keepLast,
    long keepEvery,
    Priority priority,
    Optional<Instant> deadline,
    String tenant)
    implements JobRequest {
  static final String DATASET = "dataset";
  static final String REFERENCE = "reference";

  /** Fields that a recipe does not have. */
  public static final List<String> JOB_FIELDS =
      List.of("id", "priority", "deadline", "tenant", WebhookHosts.FIELD, "keepLast", "keepEvery");

  private static final int KEEP_LAST_DEFAULT = 2;
  private static final int KEEP_LAST_MAX = 100;

  /**
   * Reads a request and checks each field alone and against the others.
   *
   * @throws InvalidInputException naming the first field that is missing, unknown, of the wrong
   *     type or out of range
   */
  public static TrainingRequest parse(JsonObject json, TrainingLimits limits) {
    JobId id = JobId.read(json);
    var unused = limits.webhooks().read(json); // a matter of delivery, checked here
    Optional<DatasetReference> data =
        json.object(DATASET).flatMap(dataset -> DatasetReference.parse(dataset, REFERENCE));
    Priority priority = Priority.of(json.word("priority", Priority.WIRE_NAMES).orElse("normal"));
    Optional<Instant> deadline = JobRequest.readDeadline(json);
    String tenant = JobRequest.readTenant(json);
    int keepLast = json.integer("keepLast", 1, KEEP_LAST_MAX, KEEP_LAST_DEFAULT);
    long keepEvery = json.integer("keepEvery", 0, 1_000_000_000L, 0L);
    Recipe recipe = Recipe.parse(recipe(json));
    TrainingRequest request =
        new TrainingRequest(id, recipe, data, keepLast, keepEvery, priority, deadline, tenant);
    request.check(limits);
    return request;
  }

  public static RequestReader<TrainingRequest> reader(TrainingLimits limits) {
    return new RequestReader<>() {
      @Override
      public int bytesMax() {
        return limits.requestBytesMax();
      }

      @Override
      public TrainingRequest read(JsonObject json, Optional<Instant> expiry) {
        return parse(json, limits).withDefaultDeadline(expiry);
      }
    };
  }

  /** Whether this is a training request and not a generation request. */
  public static boolean isTrainingRequest(JsonObject json) {
    return json.has("network") || json.has("iterations") || json.has(DATASET);
  }

  private static JsonObject recipe(JsonObject json) {
    Map<String, Object> members = new TreeMap<>(json.toMap());
    JOB_FIELDS.forEach(members::remove);
    if (members.get(DATASET) instanceof Map<?, ?> dataset) {
      Map<String, Object> rest = new TreeMap<>();
      dataset.forEach((name, value) -> rest.put(String.valueOf(name), value));
      rest.remove(REFERENCE);
      members.put(DATASET, rest);
    }
    return JsonObject.parse(JsonText.write(members));
  }

  private void check(TrainingLimits limits) {
    if (recipe.densities().isPresent() && !recipe.densities().get().images().isEmpty()) {
      String field = recipe.densities().get().p0().startsWith(Recipe.Densities.IMAGE) ? "p0" : "p1";
      throw InvalidInputException.of(
          field, "must be a density by name: a job has no folder of images for it");
    }
    if (recipe.densities().isEmpty() && data.isEmpty()) {
      throw InvalidInputException.of(
          "dataset.reference", "is missing: the key of a zip, or a prefix");
    }
    if (recipe.card().version().filter("latest"::equals).isPresent()) {
      throw InvalidInputException.of(
          "card.version", "must not be latest, which refers to the newest version");
    }
    long side = recipe.data().size();
    long values = recipe.batchSize() * side * side * recipe.network().inChannels();
    if (values > limits.batchValuesMax()) {
      throw InvalidInputException.of(
          "batchSize",
          "%d with images of %dx%d makes %d values, at most %d are allowed",
          recipe.batchSize(),
          side,
          side,
          values,
          limits.batchValuesMax());
    }
  }

  /** With this deadline if the request has none. */
  TrainingRequest withDefaultDeadline(Optional<Instant> otherwise) {
    return new TrainingRequest(
        id, recipe, data, keepLast, keepEvery, priority, deadline.or(() -> otherwise), tenant);
  }
}
