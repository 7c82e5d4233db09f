package dev.mezzotint.cli;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.sampling.ModelInfo;
import java.io.IOException;
import java.util.Arrays;

/**
 * The inputs of a model, besides x0, when it is measured.
 *
 * @param condition rows × K × height × width, of held-out pairs spread evenly over the data; empty
 *     when K = 0
 * @param classes the class of each row: all in turn, including the null class; zeros for a model
 *     without classes
 */
public record HeldOutConditions(float[] condition, long[] classes) {

  /**
   * @param data held-out pairs; needed only by models with a condition
   * @throws InvalidInputException if they are missing or do not fit the model
   */
  public static HeldOutConditions of(ModelFiles files, ModelInfo info, int rows, DataOptions data) {
    long[] classes = new long[rows];
    int all = Math.max(files.config().numClassEmbeds().orElse(1), files.card().classes().size());
    Arrays.setAll(classes, i -> i % all);
    int conditionChannels = files.config().conditionChannels();
    if (conditionChannels == 0) {
      return new HeldOutConditions(new float[0], classes);
    }
    int plane = info.height() * info.width();
    int stride = conditionChannels * plane;
    float[] condition = new float[rows * stride];
    float[] image = new float[info.channels() * plane];
    try (EvaluationData pairs =
        data.open(files, info, "model " + files.name() + " takes a condition")) {
      for (int i = 0; i < rows; i++) {
        long index = (long) i * pairs.heldOut().size() / rows;
        pairs.heldOut().read((int) index, image, 0, condition, i * stride);
      }
    } catch (IOException e) {
      throw new InvalidInputException("--data", "--data: " + FileErrors.reason(e), e);
    }
    return new HeldOutConditions(condition, classes);
  }
}
