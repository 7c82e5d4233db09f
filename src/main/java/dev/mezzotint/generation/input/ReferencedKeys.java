package dev.mezzotint.generation.input;

import dev.mezzotint.generation.request.ConditionRequest;
import dev.mezzotint.generation.request.ConditionSource;
import dev.mezzotint.generation.request.FrameRequest;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.generation.request.ImageReference;
import dev.mezzotint.storage.InputRule;
import java.util.List;
import java.util.function.BiConsumer;

/** Checks the keys and prefixes of objects that a request references. */
public final class ReferencedKeys {
  private ReferencedKeys() {}

  /**
   * @throws dev.mezzotint.json.InvalidInputException naming the first field with a key that is not
   *     allowed
   */
  public static void check(GenerationRequest request, InputRule rule) {
    BiConsumer<String, String> check = (field, key) -> rule.check(request.tenant(), field, key);
    request
        .condition()
        .parts()
        .forEach((part, source) -> visit(ConditionRequest.field(part), source, check));
    request
        .frames()
        .flatMap(FrameRequest::references)
        .ifPresent(source -> visit("references", source, check));
    request.init().ifPresent(init -> visit("init.image", init.image(), check));
    request.mask().ifPresent(mask -> visit("mask", mask, check));
  }

  private static void visit(
      String field, ConditionSource source, BiConsumer<String, String> check) {
    if (source instanceof ConditionSource.Shared shared) {
      visit(field, shared.image(), check);
    } else if (source instanceof ConditionSource.Listed listed) {
      List<ImageReference> images = listed.images();
      for (int i = 0; i < images.size(); i++) {
        visit(field + "[" + i + "]", images.get(i), check);
      }
    } else if (source instanceof ConditionSource.Prefix prefix) {
      check.accept(field, prefix.prefix());
    } else {
      visit(field, ((ConditionSource.Zip) source).file(), check);
    }
  }

  private static void visit(String field, ImageReference image, BiConsumer<String, String> check) {
    if (image instanceof ImageReference.Stored stored) {
      check.accept(field, stored.key());
    }
  }
}
