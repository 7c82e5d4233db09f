package dev.mezzotint.delivery;

import dev.mezzotint.json.JsonObject;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Result of a training job.
 *
 * @param model {@code name@version}, as it can be asked for
 * @param weightsSha256 of the model's weights file
 * @param iterations steps done
 * @param loss mean of the last hundred steps
 * @param log key of the loss of every step
 * @param lossCurve key of the same as a picture
 * @param samples keys of the sample grids, in the order of their steps
 * @param checkpoints keys of those that the request wanted to be kept
 * @param leftOut files of the data set that could not be read
 */
public record TrainedModel(
    String model,
    String weightsSha256,
    long iterations,
    double loss,
    String log,
    String lossCurve,
    List<String> samples,
    List<String> checkpoints,
    int leftOut)
    implements JobResult {
  /** All of it stands under this name in the manifest. */
  static final String MEMBER = "training";

  private static final int KEYS_MAX = 100_000;

  public TrainedModel {
    samples = List.copyOf(samples);
    checkpoints = List.copyOf(checkpoints);
  }

  @Override
  public Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model);
    json.put("weightsSha256", weightsSha256);
    json.put("iterations", iterations);
    json.put("loss", loss);
    json.put("log", log);
    json.put("lossCurve", lossCurve);
    json.put("samples", samples);
    json.put("checkpoints", checkpoints);
    json.put("leftOut", leftOut);
    return Map.of(MEMBER, json);
  }

  @Override
  public Map<String, Object> event() {
    return Map.of(
        "model", model,
        "weightsSha256", weightsSha256,
        "iterations", iterations,
        "loss", loss,
        "lossCurve", lossCurve);
  }

  @Override
  public Set<String> keys() {
    Set<String> keys = new HashSet<>(samples);
    keys.addAll(checkpoints);
    keys.add(log);
    keys.add(lossCurve);
    return keys;
  }

  static TrainedModel parse(JsonObject json) {
    return new TrainedModel(
        json.requiredString("model"),
        json.requiredString("weightsSha256"),
        json.integer("iterations", 0, Long.MAX_VALUE, 0L),
        json.number("loss", -Double.MAX_VALUE, Double.MAX_VALUE, 0),
        json.requiredString("log"),
        json.requiredString("lossCurve"),
        json.strings("samples", KEYS_MAX).orElse(List.of()),
        json.strings("checkpoints", KEYS_MAX).orElse(List.of()),
        json.integer("leftOut", 0, Integer.MAX_VALUE, 0));
  }
}
