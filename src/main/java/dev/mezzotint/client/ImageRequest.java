package dev.mezzotint.client;

import dev.mezzotint.job.JobId;
import dev.mezzotint.job.Priority;
import dev.mezzotint.job.RequestLimits;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A request for images, built member by member. Members that are not set take the model's or the
 * documented default, see {@code docs/messages.md}. Immutable.
 *
 * @param members of the JSON object, in order
 */
public record ImageRequest(Map<String, Object> members) {
  public ImageRequest {
    members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
  }

  /**
   * @param id the job's id; the same id with the same request is the same job
   * @param model {@code name}, {@code name@version} or {@code name@latest}
   */
  public static ImageRequest of(String id, String model) {
    return new ImageRequest(Map.of()).with("id", id).with("model", model);
  }

  /** Sets any member, also one that this class has no method for. */
  public ImageRequest with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(members);
    more.put(name, value);
    return new ImageRequest(more);
  }

  public ImageRequest count(int images) {
    return with("count", images);
  }

  public ImageRequest seed(long seed) {
    return with("seed", seed);
  }

  /** One image per seed. */
  public ImageRequest seeds(long... seeds) {
    return with("seeds", LongStream.of(seeds).boxed().toList());
  }

  public ImageRequest steps(int steps) {
    return with("steps", steps);
  }

  public ImageRequest sampler(String name) {
    return with("sampler", name);
  }

  public ImageRequest classLabel(int label) {
    return with("classLabel", label);
  }

  public ImageRequest guidance(double weight) {
    return with("guidance", weight);
  }

  /** Key of the conditioning image in the bucket. */
  public ImageRequest condition(String key) {
    return with("condition", key);
  }

  /**
   * The conditioning image itself.
   *
   * @param mediaType {@code image/png} or {@code image/jpeg}
   */
  public ImageRequest condition(String mediaType, byte[] file) {
    String data = Base64.getEncoder().encodeToString(file);
    return with("condition", Map.of("mediaType", mediaType, "data", data));
  }

  /** Also produces one image of all images in a grid. */
  public ImageRequest grid() {
    return output("grid");
  }

  /** Also produces each image's trajectory from noise as an animation. */
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
   * @param name {@code high}, {@code normal} or {@code low}
   */
  public ImageRequest priority(String name) {
    return with("priority", name);
  }

  /** Expires the job if it has not completed by then. */
  public ImageRequest within(Duration time) {
    return with("deadline", Instant.now().plus(time).toString());
  }

  public ImageRequest tenant(String name) {
    return with("tenant", name);
  }

  /** Sends the terminal event to this address, at a host that the system allows. */
  public ImageRequest webhook(URI address) {
    return with("webhook", address.toString());
  }

  /** The job's id. */
  public String id() {
    return String.valueOf(members.get("id"));
  }

  /**
   * The record's value. Checks the size, the id and the ranges of simple members; the worker checks
   * all of them and fails the job with the field's name.
   *
   * @throws dev.mezzotint.json.InvalidInputException naming the field that is wrong
   */
  public byte[] toJson() {
    byte[] bytes = JsonText.writeInOrder(new LinkedHashMap<>(members));
    JsonObject json = JsonObject.parse(bytes);
    var unusedId = JobId.read(json);
    var unusedModel = json.requiredString("model");
    var unusedSteps = json.integer("steps", 1, RequestLimits.STEPS_MAX);
    var unusedPriority = json.word("priority", Priority.WIRE_NAMES);
    boolean counted = json.integer("count", 1, RequestLimits.IMAGES_MAX).isPresent();
    boolean listed =
        json.integers("seeds", RequestLimits.IMAGES_MAX, 0, RequestLimits.SEED_MAX).isPresent();
    json.refuseIf(
        counted && listed, "count", "must not be given together with seeds, which says how many");
    if (bytes.length > RequestLimits.BYTES_MAX) {
      throw json.refuse(
          "", "has " + bytes.length + " bytes; the limit is " + RequestLimits.BYTES_MAX);
    }
    return bytes;
  }

  @Override
  public String toString() {
    return new String(JsonText.writeInOrder(new LinkedHashMap<>(members)), StandardCharsets.UTF_8);
  }
}
