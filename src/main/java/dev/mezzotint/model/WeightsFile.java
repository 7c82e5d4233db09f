package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The file of a model folder that holds the weights: which it is, and how it is read. */
final class WeightsFile {
  static final String NAME = "diffusion_pytorch_model";
  static final String SAFETENSORS = NAME + ".safetensors";

  /** diffusers puts a precision or another variant into the name: {@code .fp16.safetensors}. */
  private static final Pattern CANDIDATE =
      Pattern.compile(NAME + "(\\.[A-Za-z0-9_]{1,32})?\\.(safetensors|bin)");

  private static final List<String> PICKLES = List.of(".bin", ".pt", ".pth", ".ckpt");
  private static final int VERSION_HEX_DIGITS = 12;

  private WeightsFile() {}

  static boolean isWeightsFile(String fileName) {
    return fileName.endsWith(".safetensors") || PICKLES.stream().anyMatch(fileName::endsWith);
  }

  /** Whether the file has a name under which {@link #find} would find it. */
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
          "model", "cannot list the folder " + folder + ": " + e.getMessage(), e);
    }
    if (names.isEmpty()) {
      boolean sharded = Files.exists(folder.resolve(SAFETENSORS + ".index.json"));
      throw new InvalidInputException(
          SAFETENSORS,
          sharded
              ? folder + " has its weights in several pieces: save them as one " + SAFETENSORS
              : folder + " holds no weights: neither " + SAFETENSORS + " nor " + NAME + ".bin");
    }
    names.sort(
        Comparator.comparing((String name) -> !name.endsWith(".safetensors"))
            .thenComparing(name -> name.indexOf('.') != name.lastIndexOf('.'))
            .thenComparing(Comparator.naturalOrder()));
    return folder.resolve(names.get(0));
  }

  /** Tensors under today's names. */
  static Map<String, Tensor> read(Path file) {
    boolean pickle = PICKLES.stream().anyMatch(String.valueOf(file.getFileName())::endsWith);
    return WeightNames.current(pickle ? PickleWeights.read(file) : SafeTensors.read(file));
  }

  /** First digits of the SHA-256 of the file, which tell versions apart where nobody named any. */
  static String version(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      byte[] block = new byte[1 << 16];
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        sha256.update(block, 0, read);
      }
      return HexFormat.of().formatHex(sha256.digest()).substring(0, VERSION_HEX_DIGITS);
    } catch (IOException e) {
      throw new InvalidInputException(
          String.valueOf(file.getFileName()), "cannot read " + file + ": " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
