package dev.mezzotint.network;

import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.network.Graph.Unary;
import dev.mezzotint.network.Graph.Value;

/** The multilayer perceptron of {@link MlpConfig}: cat(x, t) → linear, ReLU, …, linear. */
record Mlp(MlpConfig config, Graph g) {
  /**
   * Emits one evaluation.
   *
   * @param x N×C×1×1
   * @param t N
   * @return N×C×1×1, float32
   */
  Value forward(Value x, Value t) {
    Value h = g.cat(1, g.squeezePixels(x), g.unsqueeze(t, 1));
    h = g.toWeightType(h);
    int in = config.dimensions() + 1;
    int layer = 0;
    for (int width : config.hidden()) {
      h = g.unary(Unary.RELU, g.linear(h, "layers." + layer++, in, width));
      in = width;
    }
    h = g.toFloat32(g.linear(h, "layers." + layer, in, config.dimensions()));
    return g.unsqueezePixels(h);
  }
}
