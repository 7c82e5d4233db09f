package dev.mezzotint.generation.request;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * What a request says of frames: pictures that are counted by their conditions and named after
 * them. A request is about frames if it says anything that only frames have, or gives conditions
 * without a count.
 *
 * @param variations of each condition
 * @param shared whether all frames of a variation begin at the same x0, so that neighbouring ones
 *     agree, rather than each at its own
 * @param strict whether one bad condition fails the job, rather than its own frame alone
 * @param references what the frames should look like, for a contact sheet
 */
public record FrameRequest(
    int variations, boolean shared, boolean strict, Optional<ConditionSource> references) {
  private static final List<String> NOISE = List.of("per-frame", "shared");
  private static final List<String> OWN = List.of("variations", "noise", "strict", "references");
  private static final List<String> COUNTS = List.of("count", "seeds");

  /** Reads what there is; empty if the request is not about frames. */
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

  /** Refuses lists that cannot belong together. */
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
              field, field + " has " + size + " pictures, another part has " + first);
        }
        first = size;
      }
    }
  }
}
