package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that runs a network. */
public final class ModelOptions {
  /** The help of every reference to a model. */
  static final String REFERENCE =
      "Name of a bundled model or of one in the store, name@version, a model or diffusers folder,"
          + " or a weights file next to its config.json.";

  @Option(names = "--model", paramLabel = "REF", description = REFERENCE)
  private @Nullable String reference;

  @Option(
      names = "--device",
      defaultValue = "",
      paramLabel = "DEVICE",
      description = "cpu, cuda or cuda:N; default as configured, else cpu.")
  public String device = "";

  /**
   * The model.
   *
   * @throws InvalidInputException if none is given
   */
  public String reference() {
    return reference(Optional.empty());
  }

  /** The model, or another one where none is given. */
  String reference(Optional<String> otherwise) {
    return Optional.ofNullable(reference)
        .or(() -> otherwise)
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "--model", "--model is missing; run 'models list' for the models"));
  }
}
