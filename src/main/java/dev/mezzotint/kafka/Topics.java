package dev.mezzotint.kafka;

import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;

/**
 * Names of the topics.
 *
 * @param control compacted; cancellations by job id, pauses by topic
 * @param deadLetters requests that nobody can ever carry out
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

  /**
   * The topics that a person means by a word: {@code generation} or {@code training} with their
   * twins, or one topic's full name.
   *
   * @throws InvalidInputException if the word means none
   */
  public List<String> resolve(String word) {
    if (word.equals("generation")) {
      return withPriorities(generationRequests);
    }
    if (word.equals("training")) {
      return withPriorities(trainingRequests);
    }
    List<String> known = requests().stream().flatMap(t -> withPriorities(t).stream()).toList();
    if (!known.contains(word)) {
      throw new InvalidInputException(
          "topic",
          "topic must be generation, training or one of "
              + String.join(", ", known)
              + ", not "
              + JsonObject.quote(word));
    }
    return List.of(word);
  }

  /** A request topic and its twins, highest priority first. */
  public static List<String> withPriorities(String requests) {
    return Stream.of(Priority.values()).map(priority -> ofPriority(requests, priority)).toList();
  }

  /** The request topic of this priority. */
  public static String ofPriority(String requests, Priority priority) {
    return priority == Priority.NORMAL ? requests : requests + "." + priority.wireName();
  }

  /** The priority of a request that has none of its own, by the topic that it came from. */
  public static Priority priorityOf(String topic) {
    return Stream.of(Priority.HIGH, Priority.LOW)
        .filter(priority -> topic.endsWith("." + priority.wireName()))
        .findFirst()
        .orElse(Priority.NORMAL);
  }
}
