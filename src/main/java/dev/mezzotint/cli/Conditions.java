package dev.mezzotint.cli;

import dev.mezzotint.dataset.PictureFiles;
import dev.mezzotint.generation.ConditionPicture;
import dev.mezzotint.generation.ModelInfo;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What {@code --condition} gives the network to see beside x: a tensor as it is, or pictures of the
 * model's size as its card says, label maps in the card's colours. Used by one thread.
 *
 * @param parts of the model's card
 * @param rows pictures to be generated
 */
record Conditions(ModelInfo model, List<ConditionPart> parts, int rows) {
  private static final String OPTION = "--condition";

  /**
   * @param text a picture for all rows, a folder or zip with one for each in the order of their
   *     names, or {@code FILE.safetensors[:KEY]}
   * @return rows×K×H×W
   */
  float[] read(String text) {
    if (text.contains(".safetensors")) {
      return tensor(text);
    }
    ConditionPart part = part();
    Path path = Path.of(text);
    boolean one = Files.isRegularFile(path) && !text.toLowerCase(Locale.ROOT).endsWith(".zip");
    int values = model.conditionChannels() * model.height() * model.width();
    float[] all = new float[Math.multiplyExact(rows, values)];
    if (one) {
      write(part, text, SmallFile.read(path), all, 0);
      for (int row = 1; row < rows; row++) {
        System.arraycopy(all, 0, all, row * values, values);
      }
      return all;
    }
    try (PictureFiles files = PictureFiles.open(path)) {
      if (files.names().size() != rows) {
        throw new InvalidInputException(
            OPTION,
            "%s holds %d pictures, for %d to generate: give --count %d, or one picture for all"
                .formatted(path, files.names().size(), rows, Math.max(1, files.names().size())));
      }
      for (int row = 0; row < rows; row++) {
        String name = files.names().get(row);
        write(part, name, files.bytes(name), all, row * values);
      }
      return all;
    } catch (IOException e) {
      throw new InvalidInputException(
          OPTION, OPTION + ": " + path + " cannot be read: " + e.getMessage(), e);
    }
  }

  private ConditionPart part() {
    if (model.conditionChannels() == 0) {
      throw new InvalidInputException(OPTION, OPTION + ": the model takes no condition");
    }
    if (parts.size() != 1 || parts.get(0).kind() == ConditionPart.Kind.TENSOR) {
      throw new InvalidInputException(
          OPTION,
          OPTION
              + ": the model takes "
              + parts.stream().map(p -> p.name() + " (" + p.kind().word() + ")").toList()
              + ": give them as one tensor, FILE.safetensors[:KEY]");
    }
    return parts.get(0);
  }

  private void write(ConditionPart part, String name, byte[] file, float[] out, int offset) {
    try {
      if (part.kind() == ConditionPart.Kind.LABELS && part.palette().isEmpty()) {
        throw new IOException("is a label map, but the model's card has no palette");
      }
      ConditionPicture.read(part, model, file, out, offset);
    } catch (IOException e) {
      throw new InvalidInputException(OPTION, OPTION + ": " + name + " " + e.getMessage(), e);
    }
  }

  private float[] tensor(String text) {
    Tensor tensor = TensorFile.read(OPTION, text, 4);
    long[] wanted = {rows, model.conditionChannels(), model.height(), model.width()};
    if (model.conditionChannels() == 0 || !Arrays.equals(tensor.shape(), wanted)) {
      throw new InvalidInputException(
          OPTION,
          OPTION
              + " is "
              + Arrays.toString(tensor.shape())
              + ", the model takes "
              + Arrays.toString(wanted));
    }
    return tensor.toFloats();
  }
}
