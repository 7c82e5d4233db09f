package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.dataset.Condition;
import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.DatasetOptions.Kind;
import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.dataset.Pairing;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The images to compare a model's with: those it was trained on, and others.
 *
 * @param heldOutSplit name of the split with the held-out images
 */
public record EvaluationData(ImageDataset training, ImageDataset heldOut, String heldOutSplit)
    implements AutoCloseable {

  /**
   * @param split of held-out images; empty for {@code val} or else {@code test}
   * @param layout {@code twins}, {@code left} or {@code right}: side of the condition
   */
  static EvaluationData open(
      Path path, ModelFiles files, int height, int width, Optional<String> split, String layout) {
    DatasetOptions options =
        DatasetOptions.of(height, width)
            .withChannels(files.config().outChannels())
            .withLabels(labels(files.card()));
    if (!files.card().condition().isEmpty()) {
      options = options.withPairing(pairing(files.card(), layout));
    }
    try {
      String held = split.isPresent() ? split.get() : heldOut(path, options);
      String trained = word(files.card(), "split").orElse("train");
      refuseIf(held.equals(trained), "--split", "%s is what the model was trained on", held);
      ImageDataset training = ImageDataset.open(path, options.withSplit(trained));
      try {
        return new EvaluationData(training, ImageDataset.open(path, options.withSplit(held)), held);
      } catch (IOException | RuntimeException e) {
        training.close();
        throw e;
      }
    } catch (IOException e) {
      throw new InvalidInputException(
          "--data", "--data: " + path + " cannot be read: " + FileErrors.reason(e), e);
    }
  }

  private static String heldOut(Path path, DatasetOptions options) throws IOException {
    for (String name : List.of("val", "test")) {
      if (ImageDataset.hasSplit(path, name, options)) {
        return name;
      }
    }
    if (options.pairing().isEmpty() && hasIdx(path, options)) {
      return "test";
    }
    throw new InvalidInputException(
        "--data",
        "--data: "
            + path
            + " has no folder val or test: images that the model was not trained on are needed"
            + " (name their folder with --split)");
  }

  private static boolean hasIdx(Path path, DatasetOptions options) throws IOException {
    try (ImageDataset idx =
        ImageDataset.open(path, options.withFiles(Kind.IDX).withSplit("test"))) {
      return idx.size() > 0;
    } catch (InvalidInputException e) {
      return false; // no such files: the caller reports what is missing
    }
  }

  private static Labels labels(ModelCard card) {
    try {
      return word(card, "labels")
          .map(name -> Labels.valueOf(name.toUpperCase(Locale.ROOT)))
          .orElse(Labels.NONE);
    } catch (IllegalArgumentException e) {
      return Labels.NONE; // free-form recipe of another program
    }
  }

  /** A field of the data set in the recipe on the card. */
  private static Optional<String> word(ModelCard card, String key) {
    return card.recipe().get("dataset") instanceof Map<?, ?> dataset
            && dataset.get(key) instanceof String word
        ? Optional.of(word)
        : Optional.empty();
  }

  /** A single condition is in the folder {@code input}, several in folders of their names. */
  private static Pairing pairing(ModelCard card, String layout) {
    List<ConditionPart> parts = card.condition();
    List<Condition> conditions =
        parts.stream()
            .map(part -> condition(part, parts.size() == 1 ? Condition.FOLDER : part.name()))
            .toList();
    return new Pairing(
        switch (layout) {
          case "twins" -> Pairing.Layout.TWINS;
          case "left-right", "left" -> Pairing.Layout.CONDITION_LEFT;
          case "right-left", "right" -> Pairing.Layout.CONDITION_RIGHT;
          default ->
              throw new InvalidInputException(
                  "--layout", "--layout must be twins, left-right or right-left, not " + layout);
        },
        Pairing.TARGET,
        conditions);
  }

  private static Condition condition(ConditionPart part, String folder) {
    boolean known =
        switch (part.kind()) {
          case RGB, GREY -> true;
          case LABELS -> part.palette().isPresent();
          case TENSOR -> false;
        };
    refuseIf(
        !known,
        "--model",
        ": the card does not say how an image becomes the condition %s of kind %s",
        part.name(),
        part.kind().wireName());
    return new Condition(
        part.name(), folder, part.palette(), /* nearest= */ false, part.channels());
  }

  @Override
  public void close() throws IOException {
    try (training) {
      heldOut.close();
    }
  }
}
