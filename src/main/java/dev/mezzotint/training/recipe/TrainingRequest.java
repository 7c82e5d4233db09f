package dev.mezzotint.training.recipe;

import dev.mezzotint.delivery.JobRequest;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a producer asks for: a model. The keys of a recipe, and beside them what every job has.
 *
 * @param data where the pictures are; empty for densities of the plane
 * @param keepLast so many of the newest checkpoints stand while the job runs
 * @param keepEvery checkpoints at multiples of so many steps stay after the job; 0 for none
 * @param deadline after it the result is worth nothing
 * @param tenant whose job it is
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

  /** The members that a recipe does not have. */
  public static final List<String> JOB_FIELDS =
      List.of("id", "priority", "deadline", "tenant", "keepLast", "keepEvery");

  private static final int KEEP_LAST_DEFAULT = 2;
  private static final int KEEP_LAST_MAX = 100;
  private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  /**
   * Reads a request and checks each field by itself and against the others.
   *
   * @throws InvalidInputException naming the first field that is missing, unknown, of the wrong
   *     type or out of range
   */
  public static TrainingRequest parse(JsonObject json, TrainingLimits limits) {
    JobId id = JobId.read(json);
    Optional<DatasetReference> data =
        json.object(DATASET).flatMap(dataset -> DatasetReference.parse(dataset, REFERENCE));
    Priority priority = Priority.of(json.word("priority", Priority.WORDS).orElse("normal"));
    Optional<Instant> deadline = deadline(json);
    String tenant = json.string("tenant", "default");
    if (!TENANT.matcher(tenant).matches()) {
      throw json.refuse(
          "tenant",
          "must be 1 to 128 letters, digits, '.', '_' or '-', not " + JsonObject.quote(tenant));
    }
    int keepLast = json.integer("keepLast", 1, KEEP_LAST_MAX, KEEP_LAST_DEFAULT);
    long keepEvery = json.integer("keepEvery", 0, 1_000_000_000L, 0L);
    Recipe recipe = Recipe.parse(recipe(json));
    TrainingRequest request =
        new TrainingRequest(id, recipe, data, keepLast, keepEvery, priority, deadline, tenant);
    request.check(limits);
    return request;
  }

  /** What reads training requests. */
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

  /** Whether these members are a training request's and not a generation request's. */
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

  private static Optional<Instant> deadline(JsonObject json) {
    Optional<String> text = json.string("deadline");
    try {
      return text.map(time -> OffsetDateTime.parse(time).toInstant());
    } catch (DateTimeException e) {
      throw json.refuse(
          "deadline",
          "must be a time such as 2027-01-31T12:00:00Z, not "
              + JsonObject.quote(text.orElseThrow()));
    }
  }

  private void check(TrainingLimits limits) {
    if (recipe.densities().isPresent() && !recipe.densities().get().images().isEmpty()) {
      String field = recipe.densities().get().p0().startsWith(Recipe.Densities.IMAGE) ? "p0" : "p1";
      throw new InvalidInputException(
          field, field + " must be a density by name: a job has no folder of pictures for one");
    }
    if (recipe.densities().isEmpty() && data.isEmpty()) {
      throw new InvalidInputException(
          "dataset.reference", "dataset.reference is missing: the key of a zip, or a prefix");
    }
    if (recipe.card().version().filter("latest"::equals).isPresent()) {
      throw new InvalidInputException(
          "card.version", "card.version must not be latest: that is whichever version is newest");
    }
    long side = recipe.data().size();
    long values = recipe.batchSize() * side * side * recipe.network().inChannels();
    if (values > limits.batchValuesMax()) {
      throw new InvalidInputException(
          "batchSize",
          "batchSize "
              + recipe.batchSize()
              + (" with pictures of "
                  + side
                  + "x"
                  + side
                  + " makes "
                  + values
                  + " values, at most ")
              + (limits.batchValuesMax() + " are allowed"));
    }
  }

  /** With this deadline if the body has none. */
  TrainingRequest withDefaultDeadline(Optional<Instant> otherwise) {
    return new TrainingRequest(
        id, recipe, data, keepLast, keepEvery, priority, deadline.or(() -> otherwise), tenant);
  }
}
