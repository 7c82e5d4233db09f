package dev.mezzotint.cli;

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
      refuse(
          !part.optional() && !paths.containsKey(part.name()),
          " " + part.name() + "=PATH is missing: the model needs it");
    }
    return ConditionInputs.local(decoder, OPTION, paths, references);
  }

  private static void checkKind(ConditionPart part, List<ConditionPart> parts) {
    refuse(
        part.kind() == ConditionPart.Kind.TENSOR,
        ": the model takes "
            + parts.stream().map(p -> p.name() + " (" + p.kind().wireName() + ")").toList()
            + ": give them as one tensor, FILE.safetensors[:KEY]");
    refuse(
        part.kind() == ConditionPart.Kind.LABELS && part.palette().isEmpty(),
        ": the model's card has no palette for " + part.name());
  }

  private static Map<String, Path> paths(List<String> given, List<ConditionPart> parts) {
    Map<String, Path> paths = new LinkedHashMap<>();
    for (String text : given) {
      Optional<String> named =
          parts.stream()
              .map(ConditionPart::name)
              .filter(name -> text.startsWith(name + "="))
              .findFirst();
      refuse(
          named.isEmpty() && parts.size() != 1,
          " must be PART=PATH with a part of "
              + parts.stream().map(ConditionPart::name).toList()
              + ", not "
              + text);
      String name = named.orElseGet(() -> parts.get(0).name());
      Path path = Path.of(named.isPresent() ? text.substring(name.length() + 1) : text);
      refuse(paths.put(name, path) != null, " is given twice for " + name);
    }
    return paths;
  }

  private static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw new InvalidInputException(OPTION, OPTION + what);
    }
  }
}
