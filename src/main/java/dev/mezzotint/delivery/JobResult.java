package dev.mezzotint.delivery;

import dev.mezzotint.json.JsonObject;
import java.util.Map;
import java.util.Set;

/** What a completed job leaves, one form for each kind of job. */
public sealed interface JobResult permits GeneratedImages, TrainedModel {

  /** Its members in the manifest, in their order. */
  Map<String, Object> toMap();

  /** Its members in the terminal event. */
  Map<String, Object> event();

  /** Keys of the objects below the job's that it lists: what is not listed is swept up. */
  Set<String> keys();

  /**
   * @param manifest of a completed job
   * @throws dev.mezzotint.json.InvalidInputException if this is no manifest of ours
   */
  static JobResult parse(JsonObject manifest) {
    return manifest.object(TrainedModel.MEMBER).isPresent()
        ? TrainedModel.parse(manifest.object(TrainedModel.MEMBER).get())
        : GeneratedImages.parse(manifest);
  }
}
