package dev.mezzotint.http;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.http.AnswerSchemas.JobView;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * Submits requests that arrive over HTTP: parses each with the parser of its topic, so that both
 * refuse the same requests, and publishes it to that topic. Safe for use by many threads.
 */
final class JobSubmission {
  /** Of a record on a request topic, and so of a body here. */
  static final int BYTES_MAX =
      Math.max(
          GenerationLimits.DEFAULT.requestBytesMax(), TrainingLimits.DEFAULT.requestBytesMax());

  /** The answer to a request: the record has been written. */
  record Submitted(String id, String kind, Map<String, String> links) {}

  /**
   * The answer to a request whose job has ended while the caller waited.
   *
   * @param job as {@code GET /api/jobs/ID} shows it
   * @param results as {@code GET /api/jobs/ID/results} lists them
   */
  record Ended(
      String id,
      String kind,
      Map<String, String> links,
      @Schema(implementation = JobView.class) Map<String, Object> job,
      JobFiles.Results results) {}

  private JobSubmission() {}

  /**
   * Submits a generation or training request; one without an id is given one.
   *
   * @throws InvalidInputException naming the field at fault
   * @throws RefusedException with status 409 if another request has this id
   */
  static Submitted submit(byte[] body, HttpFront front) {
    JsonObject json = parse(body);
    byte[] record = body;
    if (!json.has("id")) {
      Map<String, Object> named = new LinkedHashMap<>();
      named.put("id", JobId.next().value());
      named.putAll(json.toMap());
      record = JsonText.writeInOrder(named);
      json = JsonObject.parse(record);
    }
    boolean training = TrainingRequest.isTrainingRequest(json);
    JobId id = check(json, training, record.length, front);
    if (taken(json, id, front.board(), front.store())) {
      throw RefusedException.of(
          409, "id", "id " + id + " belongs to another request: give this one an id of its own");
    }
    front
        .client()
        .submit(training ? JobClient.Kind.TRAINING : JobClient.Kind.GENERATION, id.value(), record);
    String kind = training ? "training" : "generation";
    // The topic reports it too, but the caller may ask for the job before that.
    front.board().requested(kind, id, json, Instant.now());
    String self = JobFiles.address("/api/jobs/" + id);
    Map<String, String> links = new LinkedHashMap<>();
    links.put("self", self);
    links.put("results", self + "/results");
    links.put("cancel", self + "/cancel");
    links.put("events", JobFiles.address("/api/events?job=" + id));
    return new Submitted(id.value(), kind, links);
  }

  private static JsonObject parse(byte[] body) {
    try {
      return JsonObject.parse(body);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(e.field(), "the request " + e.getMessage(), e);
    }
  }

  private static JobId check(JsonObject json, boolean training, int bytes, HttpFront front) {
    WebhookHosts webhooks = front.settings().webhooks();
    int bytesMax =
        training
            ? TrainingLimits.DEFAULT.requestBytesMax()
            : GenerationLimits.DEFAULT.requestBytesMax();
    if (bytes > bytesMax) {
      throw new InvalidInputException(
          "", "a request may have " + bytesMax + " bytes, this one has " + bytes);
    }
    if (training) {
      return TrainingRequest.parse(json, TrainingLimits.DEFAULT.withWebhooks(webhooks)).id();
    }
    GenerationRequest request =
        GenerationRequest.parse(json, GenerationLimits.DEFAULT.withWebhooks(webhooks));
    try {
      front.catalog().check(request);
    } catch (TransientException e) {
      // The worker that takes the request will see.
    }
    return request.id();
  }

  /**
   * Whether another request is known to have this id. The worker that takes the record decides in
   * the end.
   */
  private static boolean taken(JsonObject json, JobId id, JobBoard board, ObjectStore store) {
    Optional<String> known =
        board
            .fingerprint(id.value())
            .or(
                () ->
                    store
                        .get(Keys.jobRecord(id.value()))
                        .map(o -> JsonObject.parse(o.bytes()).string("fingerprint", "")));
    return known.isPresent() && !known.get().equals(JobBoard.fingerprint(json));
  }
}
