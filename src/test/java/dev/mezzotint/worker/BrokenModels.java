package dev.mezzotint.worker;

import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Models that cannot be loaded, each for another reason. */
final class BrokenModels {
  static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
  static final String TENSOR = "conv_in.weight";

  /** Models whose weights do not belong to their config.json. */
  static void in(Path models) throws IOException {
    for (String name : List.of("truncated", "missing", "misshapen", "no-config")) {
      Site.copy(Site.TINY, models.resolve(name));
      Files.delete(models.resolve(name).resolve("diffusion_pytorch_model.bin"));
      Files.delete(models.resolve(name).resolve("old_keys_0.16.safetensors"));
    }
    Map<String, Tensor> whole = SafeTensors.read(Site.TINY.resolve(WEIGHTS));
    Path truncated = models.resolve("truncated").resolve(WEIGHTS);
    byte[] bytes = Site.read(truncated);
    Files.write(truncated, Arrays.copyOf(bytes, bytes.length - 1000));

    Map<String, Tensor> missing = new LinkedHashMap<>(whole);
    missing.remove(TENSOR);
    Path file = models.resolve("missing").resolve(WEIGHTS);
    Files.delete(file);
    SafeTensors.write(file, missing, Map.of());

    Map<String, Tensor> misshapen = new LinkedHashMap<>(whole);
    misshapen.put(TENSOR, Tensor.ofFloats(new float[9], 1, 1, 3, 3));
    file = models.resolve("misshapen").resolve(WEIGHTS);
    Files.delete(file);
    SafeTensors.write(file, misshapen, Map.of());

    Files.delete(models.resolve("no-config").resolve("config.json"));
  }

  private BrokenModels() {}
}
