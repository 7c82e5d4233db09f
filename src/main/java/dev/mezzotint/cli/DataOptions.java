package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.sampling.ModelInfo;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that name the images or pairs to measure a model with. */
public final class DataOptions {
  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "Folder or zip of images; of pairs, for a model with a condition.")
  private @Nullable Path data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      description =
          "Split of --data to read; default val, else test, where a model is compared with held-out"
              + " images.")
  private @Nullable String split;

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      defaultValue = "twins",
      description =
          "Layout of pairs, as in recipes: twins, left-right or right-left, with the condition on"
              + " the first side; default ${DEFAULT-VALUE}.")
  private String layout = "twins";

  /**
   * @param reason why the data is needed
   * @throws InvalidInputException if {@code --data} is missing
   */
  public Path path(String reason) {
    if (data == null) {
      throw new InvalidInputException("--data", "--data is missing: " + reason);
    }
    return data;
  }

  public Optional<String> split() {
    return Optional.ofNullable(split);
  }

  public EvaluationData open(ModelFiles files, ModelInfo info, String reason) {
    return EvaluationData.open(path(reason), files, info.height(), info.width(), split(), layout);
  }
}
