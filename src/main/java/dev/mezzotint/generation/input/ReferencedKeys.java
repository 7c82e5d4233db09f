package dev.mezzotint.generation.input;

import dev.mezzotint.generation.request.ConditionRequest;
import dev.mezzotint.generation.request.ConditionSource;
import dev.mezzotint.generation.request.FrameRequest;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.generation.request.ImageReference;
import dev.mezzotint.storage.InputRule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The objects that a request names.
 *
 * @param keys keys, and beginnings of keys, by the field that names them
 */
public record ReferencedKeys(Map<String, String> keys) {

  public static ReferencedKeys of(GenerationRequest request) {
    Map<String, String> keys = new LinkedHashMap<>();
    request
        .condition()
        .parts()
        .forEach((part, source) -> add(ConditionRequest.field(part), source, keys));
    request
        .frames()
        .flatMap(FrameRequest::references)
        .ifPresent(source -> add("references", source, keys));
    request.init().ifPresent(init -> add("init.image", init.image(), keys));
    request.mask().ifPresent(mask -> add("mask", mask, keys));
    return new ReferencedKeys(keys);
  }

  private static void add(String field, ConditionSource source, Map<String, String> keys) {
    if (source instanceof ConditionSource.Shared shared) {
      add(field, shared.image(), keys);
    } else if (source instanceof ConditionSource.Listed listed) {
      List<ImageReference> pictures = listed.images();
      for (int i = 0; i < pictures.size(); i++) {
        add(field + "[" + i + "]", pictures.get(i), keys);
      }
    } else if (source instanceof ConditionSource.Prefix prefix) {
      keys.put(field, prefix.prefix());
    } else {
      add(field, ((ConditionSource.Zip) source).file(), keys);
    }
  }

  private static void add(String field, ImageReference picture, Map<String, String> keys) {
    if (picture instanceof ImageReference.Stored stored) {
      keys.put(field, stored.key());
    }
  }

  /**
   * @throws dev.mezzotint.json.InvalidInputException naming the first field that names what it may
   *     not
   */
  public void check(InputRule rule, String tenant) {
    keys.forEach((field, key) -> rule.check(tenant, field, key));
  }
}
