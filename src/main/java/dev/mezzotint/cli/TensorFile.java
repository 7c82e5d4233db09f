package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * Reads a tensor that an option names: {@code FILE.safetensors:KEY}, or {@code FILE.safetensors}
 * alone where the file holds one tensor.
 */
final class TensorFile {
  private TensorFile() {}

  /**
   * @param option for messages
   * @param axes how many axes the tensor must have
   */
  static Tensor read(String option, String text, int axes) {
    int ending = text.lastIndexOf(".safetensors");
    int colon = ending < 0 ? text.lastIndexOf(':') : text.indexOf(':', ending);
    Path file = Path.of(colon < 0 ? text : text.substring(0, colon));
    Map<String, Tensor> tensors = SafeTensors.read(file);
    Tensor tensor;
    if (colon >= 0) {
      String key = text.substring(colon + 1);
      tensor = tensors.get(key);
      if (tensor == null) {
        throw new InvalidInputException(
            option,
            option + ": " + file + " has no tensor " + key + "; it has " + tensors.keySet());
      }
    } else if (tensors.size() == 1) {
      tensor = tensors.values().iterator().next();
    } else {
      throw new InvalidInputException(
          option, option + ": " + file + " has " + tensors.size() + " tensors, name one: FILE:KEY");
    }
    if (tensor.shape().length != axes) {
      throw new InvalidInputException(
          option,
          option + ": the tensor must have " + axes + " axes, not " + tensor.shape().length);
    }
    return tensor;
  }

  /** The rows of a tensor, N × … */
  static float[][] rows(Tensor tensor) {
    float[] values = tensor.toFloats();
    float[][] rows = new float[(int) tensor.shape()[0]][];
    int length = rows.length == 0 ? 0 : values.length / rows.length;
    Arrays.setAll(rows, i -> Arrays.copyOfRange(values, i * length, (i + 1) * length));
    return rows;
  }
}
