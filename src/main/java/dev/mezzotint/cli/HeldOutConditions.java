package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a model is fed beside x0 when it is measured.
 *
 * @param condition rows × K × height × width, of held-out pairs evenly spread over all of them;
 *     empty when K = 0
 * @param classes a row's class each: all in turn, the one for no class too, which is a class like
 *     others; zeros for a model without classes
 */
public record HeldOutConditions(float[] condition, long[] classes) {

  /**
   * @param data held-out pairs as for {@code evaluate}; needed by models with a condition alone
   * @param layout of pairs: twins, left or right
   * @throws InvalidInputException if they are missing or do not fit the model
   */
  public static HeldOutConditions of(
      ModelFiles files, int rows, @Nullable Path data, String layout) {
    NetworkConfig config = files.config();
    long[] classes = new long[rows];
    int all = Math.max(config.numClassEmbeds().orElse(1), files.card().classes().size());
    Arrays.setAll(classes, i -> i % all);
    if (config.conditionChannels() == 0) {
      return new HeldOutConditions(new float[0], classes);
    }
    if (data == null) {
      throw new InvalidInputException(
          "--data", "--data is missing: model " + files.name() + " takes a condition");
    }
    int height =
        config
            .sampleSize()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "--model", "--model " + files.name() + " has no sample_size"));
    int width = config.sampleWidth().orElse(height);
    int stride = config.conditionChannels() * height * width;
    float[] condition = new float[rows * stride];
    float[] picture = new float[config.outChannels() * height * width];
    try (EvaluationData pairs =
        EvaluationData.open(data, files, height, width, Optional.empty(), layout)) {
      for (int i = 0; i < rows; i++) {
        long which = (long) i * pairs.heldOut().size() / rows;
        pairs.heldOut().read((int) which, picture, 0, condition, i * stride);
      }
    } catch (IOException e) {
      throw new InvalidInputException("--data", "--data: " + e.getMessage(), e);
    }
    return new HeldOutConditions(condition, classes);
  }
}
