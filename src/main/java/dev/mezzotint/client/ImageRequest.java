package dev.mezzotint.client;

import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A request for pictures, built member by member; what is not said is left to the model and the
 * defaults of {@code docs/messages.md}. Immutable.
 *
 * @param members as they will stand in the record
 */
public record ImageRequest(Map<String, Object> members) {
  public ImageRequest {
    members = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(members));
  }

  /**
   * @param id names the job: the same id with the same request is the same job
   * @param model {@code name}, {@code name@version} or {@code name@latest}
   */
  public static ImageRequest of(String id, String model) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("id", id);
    members.put("model", model);
    return new ImageRequest(members);
  }

  /** With any member that this class has no method for. */
  public ImageRequest with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(members);
    more.put(name, value);
    return new ImageRequest(more);
  }

  public ImageRequest count(int pictures) {
    return with("count", pictures);
  }

  public ImageRequest seed(long seed) {
    return with("seed", seed);
  }

  /** One picture of each. */
  public ImageRequest seeds(long... seeds) {
    List<Long> list = new ArrayList<>();
    for (long seed : seeds) {
      list.add(seed);
    }
    return with("seeds", list);
  }

  public ImageRequest steps(int steps) {
    return with("steps", steps);
  }

  public ImageRequest sampler(String word) {
    return with("sampler", word);
  }

  public ImageRequest classLabel(int label) {
    return with("classLabel", label);
  }

  public ImageRequest guidance(double weight) {
    return with("guidance", weight);
  }

  /** A picture in the bucket that the network sees beside x. */
  public ImageRequest condition(String key) {
    return with("condition", key);
  }

  /**
   * The same, in the request itself.
   *
   * @param mediaType {@code image/png} or {@code image/jpeg}
   */
  public ImageRequest condition(String mediaType, byte[] file) {
    String data = Base64.getEncoder().encodeToString(file);
    return with("condition", Map.of("mediaType", mediaType, "data", data));
  }

  /** Also all pictures in one. */
  public ImageRequest grid() {
    return output("grid");
  }

  /** Each picture as an animation of its way from noise. */
  public ImageRequest trajectory() {
    return output("trajectory");
  }

  private ImageRequest output(String name) {
    Map<String, Object> output = new LinkedHashMap<>();
    if (members.get("output") instanceof Map<?, ?> before) {
      before.forEach((key, value) -> output.put(String.valueOf(key), value));
    }
    output.put(name, true);
    return with("output", output);
  }

  /**
   * @param word {@code high}, {@code normal} or {@code low}
   */
  public ImageRequest priority(String word) {
    return with("priority", word);
  }

  /** After so long the pictures are worth nothing. */
  public ImageRequest within(Duration time) {
    return with("deadline", Instant.now().plus(time).toString());
  }

  public ImageRequest tenant(String name) {
    return with("tenant", name);
  }

  /** The job's id. */
  public String id() {
    return String.valueOf(members.get("id"));
  }

  /**
   * The record's value.
   *
   * @throws dev.mezzotint.json.InvalidInputException naming the field that is wrong
   */
  public byte[] toJson() {
    byte[] json = JsonText.writeInOrder(new LinkedHashMap<>(members));
    GenerationRequest unused =
        GenerationRequest.parse(JsonObject.parse(json), GenerationLimits.DEFAULT);
    return json;
  }

  @Override
  public String toString() {
    return new String(JsonText.writeInOrder(new LinkedHashMap<>(members)), StandardCharsets.UTF_8);
  }
}
