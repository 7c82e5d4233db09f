package dev.mezzotint.kafka;

import java.util.List;

/**
 * Names of the topics.
 *
 * @param control compacted; cancellations and pauses by job id
 * @param dead requests that nobody can ever carry out
 */
public record Topics(
    String generationRequests,
    String trainingRequests,
    String control,
    String events,
    String dead) {

  public static Topics defaults() {
    return withPrefix("mezzotint");
  }

  /** The default names with another first word. */
  public static Topics withPrefix(String prefix) {
    return new Topics(
        prefix + ".generation.requests",
        prefix + ".training.requests",
        prefix + ".control",
        prefix + ".events",
        prefix + ".dead");
  }

  List<String> requests() {
    return List.of(generationRequests, trainingRequests);
  }
}
