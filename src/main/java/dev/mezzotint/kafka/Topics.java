package dev.mezzotint.kafka;

import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;

/**
 * The names of the topics.
 *
 * @param control compacted; cancellations by job id, pauses by topic
 * @param deadLetters requests that failed for good
 */
public record Topics(
    String generationRequests,
    String trainingRequests,
    String control,
    String events,
    String deadLetters) {

  public static Topics defaults() {
    return withPrefix("mezzotint");
  }

  /** The default names with another prefix. */
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

  /**
   * Resolves {@code generation} or {@code training} to their request topics of all priorities, or
   * the full name of one of those.
   *
   * @throws InvalidInputException if there is no such topic
   */
  public List<String> resolve(String name) {
    if (name.equals("generation")) {
      return withPriorities(generationRequests);
    }
    if (name.equals("training")) {
      return withPriorities(trainingRequests);
    }
    List<String> known = requests().stream().flatMap(t -> withPriorities(t).stream()).toList();
    if (!known.contains(name)) {
      throw new InvalidInputException(
          "topic",
          "topic must be generation, training or one of %s, not %s"
              .formatted(String.join(", ", known), JsonObject.quote(name)));
    }
    return List.of(name);
  }

  /** The request topics of all priorities, highest first. */
  public static List<String> withPriorities(String requests) {
    return Stream.of(Priority.values()).map(priority -> ofPriority(requests, priority)).toList();
  }

  public static String ofPriority(String requests, Priority priority) {
    return priority == Priority.NORMAL ? requests : requests + "." + priority.wireName();
  }
}
