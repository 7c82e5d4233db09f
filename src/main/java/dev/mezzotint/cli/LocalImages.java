package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.SmallFile;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Resize;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.sampling.ModelInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Reads the images that an option names: a file, a folder, a zip, or a tensor. */
final class LocalImages {
  /** Images of one command: all are in memory. */
  static final int COUNT_MAX = 10_000;

  private LocalImages() {}

  /**
   * Reads images at the model's size. Images of another size are scaled to cover it and cropped at
   * the centre; tensors must have it.
   *
   * @return one C×H×W array per image, in [−1, 1]
   */
  static float[][] read(String option, String text, ModelInfo model) {
    return read(option, text, model.channels(), model.height(), model.width());
  }

  static float[][] read(String option, String text, int channels, int height, int width) {
    if (text.contains(".safetensors")) {
      return tensor(option, text, channels, height, width);
    }
    Path path = Path.of(text);
    String name = text.toLowerCase(Locale.ROOT);
    boolean one = Files.isRegularFile(path) && !name.endsWith(".zip");
    try {
      return one
          ? new float[][] {file(path, channels, height, width)}
          : all(option, path, DatasetOptions.of(height, width).withChannels(channels));
    } catch (IOException e) {
      throw new InvalidInputException(
          option, option + ": " + path + " cannot be read: " + FileErrors.reason(e), e);
    }
  }

  private static float[] file(Path path, int channels, int height, int width) throws IOException {
    float[] chw = new float[channels * height * width];
    Resize.cover(ImageReader.read(SmallFile.read(path), channels), width, height).toChw(chw, 0);
    return chw;
  }

  private static float[][] all(String option, Path path, DatasetOptions options)
      throws IOException {
    try (ImageDataset images = ImageDataset.open(path, options)) {
      checkCount(option, images.size());
      float[][] all = new float[images.size()][];
      for (int i = 0; i < all.length; i++) {
        all[i] = images.chw(i);
      }
      return all;
    }
  }

  private static float[][] tensor(String option, String text, int channels, int height, int width) {
    Tensor tensor = TensorFile.read(option, text, 4);
    long[] shape = tensor.shape();
    if (shape[1] != channels || shape[2] != height || shape[3] != width) {
      throw new InvalidInputException(
          option,
          String.format(
              Locale.ROOT,
              "%s has images of %dx%dx%d, the model makes %dx%dx%d",
              option,
              shape[1],
              shape[2],
              shape[3],
              channels,
              height,
              width));
    }
    checkCount(option, shape[0]);
    return TensorFile.rows(tensor);
  }

  private static void checkCount(String option, long count) {
    refuseIf(
        count < 1 || count > COUNT_MAX, option, "has %s images, must be 1 to %s", count, COUNT_MAX);
  }
}
