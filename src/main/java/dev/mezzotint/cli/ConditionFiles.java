package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.generation.input.ConditionDecoder;
import dev.mezzotint.generation.input.ConditionInputs;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Parses the values of {@code --condition}: {@code PATH}, or {@code PART=PATH} for each part. */
public final class ConditionFiles {
  private static final String OPTION = "--condition";

  private ConditionFiles() {}

  /**
   * Opens the images, folders and zips; the caller closes them.
   *
   * @throws InvalidInputException if they are not what the model takes
   */
  public static ConditionInputs open(
      ConditionDecoder decoder, List<String> given, Optional<Path> references) {
    List<ConditionPart> parts = decoder.model().condition();
    parts.forEach(part -> checkKind(part, parts));
    Map<String, Path> paths = paths(given, parts);
    for (ConditionPart part : parts) {
      refuseIf(
          !part.optional() && !paths.containsKey(part.name()),
          OPTION,
          "%s=PATH is missing: the model needs it",
          part.name());
    }
    return ConditionInputs.local(decoder, OPTION, paths, references);
  }

  private static void checkKind(ConditionPart part, List<ConditionPart> parts) {
    refuseIf(
        part.kind() == ConditionPart.Kind.TENSOR,
        OPTION,
        ": the model takes %s: give them as one tensor, FILE.safetensors[:KEY]",
        parts.stream().map(p -> p.name() + " (" + p.kind().wireName() + ")").toList());
    refuseIf(
        part.kind() == ConditionPart.Kind.LABELS && part.palette().isEmpty(),
        OPTION,
        ": the model's card has no palette for %s",
        part.name());
  }

  private static Map<String, Path> paths(List<String> given, List<ConditionPart> parts) {
    Map<String, Path> paths = new LinkedHashMap<>();
    for (String text : given) {
      Optional<String> named =
          parts.stream()
              .map(ConditionPart::name)
              .filter(name -> text.startsWith(name + "="))
              .findFirst();
      refuseIf(
          named.isEmpty() && parts.size() != 1,
          OPTION,
          "must be PART=PATH with a part of %s, not %s",
          parts.stream().map(ConditionPart::name).toList(),
          text);
      String name = named.orElseGet(() -> parts.get(0).name());
      Path path = Path.of(named.isPresent() ? text.substring(name.length() + 1) : text);
      refuseIf(paths.put(name, path) != null, OPTION, "is given twice for %s", name);
    }
    return paths;
  }
}
