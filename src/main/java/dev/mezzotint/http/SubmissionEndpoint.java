package dev.mezzotint.http;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Takes requests: reads each with the code that reads it from its topic, so that what is refused
 * there is refused here, and puts it on that topic. Safe for use by many threads.
 */
final class SubmissionEndpoint {
  /** Of a record on a request topic, and so of a body here. */
  static final int BYTES_MAX =
      Math.max(
          GenerationLimits.DEFAULT.requestBytesMax(), TrainingLimits.DEFAULT.requestBytesMax());

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private final JobBoard board;
  private final ObjectStore store;
  private final RequestPublisher outbox;
  private final SecureRandom random = new SecureRandom();

  SubmissionEndpoint(JobBoard board, ObjectStore store, RequestPublisher outbox) {
    this.board = board;
    this.store = store;
    this.outbox = outbox;
  }

  private static JsonObject parse(byte[] body) {
    try {
      return JsonObject.parse(body);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(e.field(), "the request " + e.getMessage(), e);
    }
  }

  /**
   * @param body a generation or training request; without an id it is given one
   * @throws InvalidInputException naming the field at fault
   */
  HttpResponse take(byte[] body) {
    JsonObject json = parse(body);
    byte[] record = body;
    if (!json.has("id")) {
      Map<String, Object> named = new LinkedHashMap<>();
      named.put("id", newId());
      named.putAll(json.toMap());
      record = JsonText.writeInOrder(named);
      json = JsonObject.parse(record);
    }
    boolean training = TrainingRequest.isTrainingRequest(json);
    JobId id = check(json, training, record.length);
    if (taken(json, id)) {
      return HttpResponse.refusal(
          409, "id", "id " + id + " belongs to another request: give this one an id of its own");
    }
    outbox.submit(training, id.value(), record);
    String kind = training ? "training" : "generation";
    // The topic tells it too, but who was answered may ask for the job before that.
    board.requested(kind, id, json, Instant.now());
    String self = "/api/jobs/" + id;
    Map<String, Object> links = new LinkedHashMap<>();
    links.put("self", self);
    links.put("results", self + "/results");
    links.put("cancel", self + "/cancel");
    links.put("events", "/api/events?job=" + id);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", id.value());
    answer.put("kind", kind);
    answer.put("links", links);
    return HttpResponse.json(202, answer).with("Location", self);
  }

  private static JobId check(JsonObject json, boolean training, int bytes) {
    int bytesMax =
        training
            ? TrainingLimits.DEFAULT.requestBytesMax()
            : GenerationLimits.DEFAULT.requestBytesMax();
    if (bytes > bytesMax) {
      throw new InvalidInputException(
          "", "a request may have " + bytesMax + " bytes, this one has " + bytes);
    }
    // Other objects than the ones that are sent: reading marks members as read.
    return training
        ? TrainingRequest.parse(json, TrainingLimits.DEFAULT).id()
        : GenerationRequest.parse(json, GenerationLimits.DEFAULT).id();
  }

  /**
   * Whether another request has this id already. Whoever takes the record decides in the end; this
   * tells at once what is known by now.
   */
  private boolean taken(JsonObject json, JobId id) {
    Optional<String> known = board.fingerprint(id.value());
    if (known.isEmpty()) {
      known =
          store
              .get(Keys.jobRecord(id.value()))
              .map(object -> JsonObject.parse(object.bytes()).string("fingerprint", ""));
    }
    return known.isPresent() && !known.get().equals(JobBoard.fingerprint(json));
  }

  private String newId() {
    return TIME.format(Instant.now()) + "-" + Long.toString(random.nextLong() >>> 24, 36);
  }
}
