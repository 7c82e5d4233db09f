package dev.mezzotint.bench;

import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.PatchedUNet;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import java.util.Map;

/**
 * Counts the floating-point operations of one evaluation of one row: two for each multiply-add of
 * convolutions, linear layers and attention. Norms, activations and sums are not counted; they are
 * below one percent and bound by memory.
 */
public final class OperationCount {
  private OperationCount() {}

  /**
   * @param height of a row's image in pixels, as {@code width} a multiple of the network's {@code
   *     sizeMultiple}
   */
  public static long operations(NetworkConfig config, int height, int width) {
    Map<String, long[]> weights =
        NetworkProgram.of(config, Parameterization.direction(1), TrainStep.defaults()).weights();
    int patch = config.patch();
    NetworkConfig plain = config instanceof PatchedUNet patched ? patched.unet() : config;
    long operations = 0;
    for (Map.Entry<String, long[]> weight : weights.entrySet()) {
      long pixels =
          plain instanceof UNetConfig unet
              ? pixels(weight.getKey(), unet, height / patch, width / patch)
              : 1;
      operations += 2 * pixels * layer(weight.getKey(), weight.getValue(), pixels);
    }
    return operations;
  }

  /** Multiplications of a layer for each pixel of its output, from the shape of its kernel. */
  private static long layer(String name, long[] shape, long pixels) {
    if (shape.length == 4) {
      return shape[0] * shape[1] * shape[2] * shape[3];
    }
    if (shape.length != 2
        || name.equals("class_embedding.weight")
        || name.startsWith("time_proj")) {
      return 0; // norms, biases; an embedding is a look-up
    }
    // Attention's two products, q·k over all pixels and their weights · v, counted with q's layer.
    long products = name.endsWith(".to_q.weight") ? 2 * pixels * shape[0] : 0;
    return shape[0] * shape[1] + products;
  }

  /** Pixels of a layer's output; 1 for layers that run once for the whole row. */
  private static long pixels(String name, UNetConfig config, int height, int width) {
    int last = config.blockOutChannels().size() - 1;
    String[] parts = name.split("\\.");
    if (name.contains("time_emb") || name.startsWith("class_embedding")) {
      return 1;
    }
    int level =
        switch (parts[0]) {
          case "down_blocks" ->
              Integer.parseInt(parts[1]) + (parts[2].equals("downsamplers") ? 1 : 0);
          case "mid_block" -> last;
          case "up_blocks" ->
              last - Integer.parseInt(parts[1]) - (parts[2].equals("upsamplers") ? 1 : 0);
          default -> 0;
        };
    return (long) (height >> level) * (width >> level);
  }
}
