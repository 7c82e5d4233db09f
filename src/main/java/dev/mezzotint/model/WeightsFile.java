package dev.mezzotint.model;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.FileDigest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds and reads the weights file of a model folder. */
final class WeightsFile {
  static final String NAME = "diffusion_pytorch_model";
  static final String SAFETENSORS = NAME + ".safetensors";

  /** diffusers adds a precision or another variant to the name: {@code .fp16.safetensors}. */
  private static final Pattern CANDIDATE =
      Pattern.compile(NAME + "(\\.[A-Za-z0-9_]{1,32})?\\.(safetensors|bin)");

  private static final List<String> PICKLES = List.of(".bin", ".pt", ".pth", ".ckpt");
  private static final int VERSION_HEX_DIGITS = 12;

  private WeightsFile() {}

  static boolean isWeightsFile(String fileName) {
    return fileName.endsWith(".safetensors") || PICKLES.stream().anyMatch(fileName::endsWith);
  }

  /** Whether {@link #find} would find a file of this name. */
  static boolean isStandard(Path file) {
    return CANDIDATE.matcher(String.valueOf(file.getFileName())).matches();
  }

  /**
   * The folder's weights: safetensors before pickles, full precision before variants.
   *
   * @throws InvalidInputException if there are none
   */
  static Path find(Path folder) {
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> CANDIDATE.matcher(name).matches())
          .forEach(names::add);
    } catch (IOException e) {
      throw new InvalidInputException(
          "model", "cannot list the folder " + folder + ": " + FileErrors.reason(e), e);
    }
    if (names.isEmpty()) {
      boolean sharded = Files.exists(folder.resolve(SAFETENSORS + ".index.json"));
      throw new InvalidInputException(
          SAFETENSORS,
          sharded
              ? folder + " has its weights in several files: save them as one " + SAFETENSORS
              : folder + " contains no weights: neither " + SAFETENSORS + " nor " + NAME + ".bin");
    }
    names.sort(
        Comparator.comparing((String name) -> !name.endsWith(".safetensors"))
            .thenComparing(name -> name.indexOf('.') != name.lastIndexOf('.'))
            .thenComparing(Comparator.naturalOrder()));
    return folder.resolve(names.get(0));
  }

  /** Reads tensors under their current names. */
  static Map<String, Tensor> read(Path file) {
    boolean pickle = PICKLES.stream().anyMatch(String.valueOf(file.getFileName())::endsWith);
    return WeightNames.current(pickle ? PickleWeights.read(file) : SafeTensors.read(file));
  }

  /** The first digits of the file's SHA-256, the version of a model without a named one. */
  static String version(Path file) {
    try {
      return FileDigest.of(file).sha256().substring(0, VERSION_HEX_DIGITS);
    } catch (UncheckedIOException e) {
      throw new InvalidInputException(
          String.valueOf(file.getFileName()), FileErrors.describe(e), e);
    }
  }
}
