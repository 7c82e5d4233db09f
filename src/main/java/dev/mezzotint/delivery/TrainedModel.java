package dev.mezzotint.delivery;

import dev.mezzotint.json.Required;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Result of a training job: the member {@code training} of the manifest.
 *
 * @param model {@code name@version}, as requests can name it
 * @param weightsSha256 of the model's weights file
 * @param iterations number of steps done
 * @param loss mean of the last hundred steps
 * @param log key of the table of all losses
 * @param lossCurve key of the plot of all losses
 * @param samples keys of the sample grids, in the order of their steps
 * @param checkpoints keys of the checkpoints that the request keeps
 * @param leftOut number of files of the data set that could not be read
 */
public record TrainedModel(
    @Required String model,
    @Required String weightsSha256,
    long iterations,
    double loss,
    @Required String log,
    @Required String lossCurve,
    List<String> samples,
    List<String> checkpoints,
    int leftOut)
    implements JobResult {

  public TrainedModel {
    samples = List.copyOf(samples);
    checkpoints = List.copyOf(checkpoints);
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
}
