package dev.mezzotint.cli.jobs;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.files.SmallFile;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the requests of {@code submit} and checks them with the parsers of the workers. */
final class RequestFile {
  private RequestFile() {}

  /**
   * A request that a worker would accept.
   *
   * @param json the record's value
   */
  record Checked(String id, JobClient.Kind kind, String json) {
    byte[] bytes() {
      return json.getBytes(StandardCharsets.UTF_8);
    }

    /** Equal for equal requests, as in the job's record. */
    String fingerprint() {
      return JobBoard.fingerprint(JsonObject.parse(json));
    }
  }

  /**
   * Reads one JSON object, or one on each line (JSON Lines).
   *
   * @param name of the file, for messages
   * @param newIds whether requests get new ids; those without an id always get one
   * @param kind of all requests; empty for what their fields imply
   * @throws InvalidInputException naming file, line and field
   */
  static List<Checked> read(
      byte[] bytes, String name, boolean newIds, Optional<JobClient.Kind> kind) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
    if (lines.size() < 2 || !isObject(lines.get(0))) {
      Checked one = SmallFile.parseJson(bytes, name, json -> check(json, bytes, newIds, kind));
      return List.of(one);
    }
    List<Checked> all = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (!line.isBlank()) {
        byte[] one = line.getBytes(StandardCharsets.UTF_8);
        String where = name + " line " + number;
        all.add(SmallFile.parseJson(one, where, json -> check(json, one, newIds, kind)));
      }
    }
    return all;
  }

  private static boolean isObject(String line) {
    try {
      var unused = JsonObject.parse(line);
      return true;
    } catch (InvalidInputException e) {
      return false;
    }
  }

  /** Checks a request that was built from options. */
  static Checked of(Map<String, Object> members) {
    byte[] bytes = JsonText.writeInOrder(members);
    return check(JsonObject.parse(bytes), bytes, /* newIds= */ false, Optional.empty());
  }

  private static Checked check(
      JsonObject read, byte[] bytes, boolean newIds, Optional<JobClient.Kind> kind) {
    JsonObject json = read;
    byte[] record = bytes;
    if (newIds || !json.has("id")) {
      Map<String, Object> named = new LinkedHashMap<>();
      named.put("id", JobId.next().value());
      json.toMap().forEach(named::putIfAbsent);
      record = JsonText.writeInOrder(named);
      json = JsonObject.parse(record);
    }
    boolean training =
        kind.map(JobClient.Kind.TRAINING::equals).orElse(TrainingRequest.isTrainingRequest(json));
    int bytesMax =
        training
            ? TrainingLimits.DEFAULT.requestBytesMax()
            : GenerationLimits.DEFAULT.requestBytesMax();
    if (record.length > bytesMax) {
      throw new InvalidInputException(
          "", "a request may have " + bytesMax + " bytes, this one has " + record.length);
    }
    JobId id =
        training
            ? TrainingRequest.parse(json, TrainingLimits.DEFAULT).id()
            : GenerationRequest.parse(json, GenerationLimits.DEFAULT).id();
    return new Checked(
        id.value(),
        training ? JobClient.Kind.TRAINING : JobClient.Kind.GENERATION,
        new String(record, StandardCharsets.UTF_8));
  }
}
