package dev.mezzotint.generation.request;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * The fields of a request for frames: images whose number and names follow from their conditions. A
 * request is for frames if it has a field that only frames have, or conditions without a count.
 *
 * @param variations images for each condition
 * @param shared whether all frames of a variation start from the same x0, so that neighbouring
 *     frames agree, instead of each from its own
 * @param strict whether an invalid condition fails the job, instead of only its own frame
 * @param references expected images, for a contact sheet
 */
public record FrameRequest(
    int variations, boolean shared, boolean strict, Optional<ConditionSource> references) {
  private static final List<String> NOISE = List.of("per-frame", "shared");
  private static final List<String> OWN = List.of("variations", "noise", "strict", "references");
  private static final List<String> COUNTS = List.of("count", "seeds");

  /** Reads the fields; empty if the request is not for frames. */
  static Optional<FrameRequest> parse(
      JsonObject json, ConditionRequest condition, GenerationLimits limits) {
    Optional<String> own = first(json, OWN);
    Optional<String> count = first(json, COUNTS);
    FrameRequest request =
        new FrameRequest(
            json.integer("variations", 1, limits.imagesMax(), 1),
            json.word("noise", NOISE).orElse(NOISE.get(0)).equals(NOISE.get(1)),
            json.bool("strict", false),
            ConditionSource.parse(json, "references", limits));
    if (own.isPresent() && condition.isEmpty()) {
      throw json.refuse(own.get(), "needs condition: frames are counted by their conditions");
    }
    if (own.isEmpty()
        && !condition.needsListing()
        && (!condition.hasLists() || count.isPresent())) {
      return Optional.empty();
    }
    if (count.isPresent()) {
      String what = own.orElse("a prefix or zip of conditions");
      throw json.refuse(
          count.get(),
          "must not be given together with " + what + ": frames are counted by their conditions");
    }
    return Optional.of(request);
  }

  private static Optional<String> first(JsonObject json, List<String> names) {
    return names.stream().filter(json::has).findFirst();
  }

  /** Refuses lists of different sizes. */
  static void check(Optional<FrameRequest> frames, ConditionRequest condition, int count) {
    if (frames.isEmpty()) {
      condition.checkCount(count);
      return;
    }
    int first = -1;
    for (var part : condition.parts().entrySet()) {
      if (part.getValue() instanceof ConditionSource.Listed listed) {
        int size = listed.images().size();
        if (first >= 0 && size != first) {
          String field = ConditionRequest.field(part.getKey());
          throw new InvalidInputException(
              field, field + " has " + size + " images, another part has " + first);
        }
        first = size;
      }
    }
  }
}
