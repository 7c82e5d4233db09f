package dev.mezzotint.delivery;

import java.util.Map;
import java.util.Set;

/** Result of a completed job; one record for each kind of job, written into the manifest. */
public sealed interface JobResult permits GeneratedImages, TrainedModel {

  /** Members of the terminal event. */
  Map<String, Object> event();

  /** Keys of the job's objects that belong to the result; the others are removed. */
  Set<String> keys();
}
