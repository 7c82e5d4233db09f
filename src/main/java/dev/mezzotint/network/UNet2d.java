package dev.mezzotint.network;

import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import dev.mezzotint.model.UNetConfig.DownBlock;
import dev.mezzotint.model.UNetConfig.TimeEmbedding;
import dev.mezzotint.model.UNetConfig.TimeScaleShift;
import dev.mezzotint.model.UNetConfig.UpBlock;
import dev.mezzotint.network.Graph.Unary;
import dev.mezzotint.network.Graph.Value;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The U-Net of diffusers' {@code UNet2DModel}: the same configuration, the same weight names and
 * shapes, the same numbers.
 *
 * <p>Shapes in comments: N rows, C channels of a level, H×W pixels of a level. Not safe for use by
 * several threads.
 */
final class UNet2d {
  private final UNetConfig config;
  private final Graph g;
  private final int embeddingDim;

  UNet2d(UNetConfig config, Graph graph) {
    this.config = config;
    this.g = graph;
    this.embeddingDim = config.timeEmbedDim();
  }

  /**
   * Emits one evaluation.
   *
   * @param x N×in_channels×H×W, H and W multiples of 2^(levels−1)
   * @param t N, timesteps in the network's own units, always float32
   * @param classes N integers; ignored by a network without class embedding
   * @return N×out_channels×H×W, float32
   */
  Value forward(Value x, Value t, Value classes) {
    Value sample = config.centerInputSample() ? g.add(g.multiply(x, 2), -1) : x;
    Value emb = activation(timeAndClassEmbedding(t, classes)); // the same in every block
    int[] channels = config.blockOutChannels().stream().mapToInt(Integer::intValue).toArray();

    Value h =
        g.conv2d(g.toWeightType(sample), "conv_in", config.inChannels(), channels[0], 3, 1, 1);
    Deque<Skip> skips = new ArrayDeque<>();
    skips.push(new Skip(h, channels[0]));
    h = down(h, emb, channels, skips);
    h = mid(h, emb, channels[channels.length - 1]);
    h = up(h, emb, channels, skips);
    h =
        g.silu(
            g.groupNorm(h, "conv_norm_out", channels[0], config.normNumGroups(), config.normEps()));
    h = g.toFloat32(g.conv2d(h, "conv_out", channels[0], config.outChannels(), 3, 1, 1));
    // As in diffusers, a network with noise levels σ as timesteps predicts its output times σ.
    return config.timeEmbeddingType() == TimeEmbedding.FOURIER
        ? g.divide(h, g.unsqueezeImage(t))
        : h;
  }

  /** Output of a down level, input of the matching up level. */
  private record Skip(Value value, int channels) {}

  private Value timeAndClassEmbedding(Value t, Value classes) {
    int inputs =
        config.timeEmbeddingType() == TimeEmbedding.FOURIER
            ? 2 * config.blockOutChannels().get(0)
            : config.blockOutChannels().get(0);
    Value emb = embeddingDim("time_embedding", project(t), inputs);
    return switch (config.classEmbedType()) {
      case NONE -> emb;
      case TABLE ->
          g.add(
              emb,
              g.embedding(
                  g.parameter(
                      "class_embedding.weight",
                      config.numClassEmbeds().orElseThrow(),
                      embeddingDim),
                  classes));
      case TIMESTEP ->
          g.add(emb, embeddingDim("class_embedding", project(g.toFloat32(classes)), inputs));
      case IDENTITY ->
          throw new IllegalArgumentException(
              "class_embed_type " + ClassEmbedding.IDENTITY + " has no integer classes");
    };
  }

  private Value embeddingDim(String name, Value projected, int inputs) {
    Value h = g.silu(g.linear(projected, name + ".linear_1", inputs, embeddingDim));
    return g.linear(h, name + ".linear_2", embeddingDim, embeddingDim);
  }

  /** t: N to its features: N×C0, or N×2·C0 for Fourier features. Computed in float32. */
  private Value project(Value t) {
    int width = config.blockOutChannels().get(0);
    return switch (config.timeEmbeddingType()) {
      case POSITIONAL -> positional(t, width);
      case FOURIER -> {
        Value weights = g.toFloat32(g.parameter("time_proj.weight", width));
        Value angle =
            g.multiply(
                g.multiply(g.unsqueeze(g.unary(Unary.LOG, t), 1), g.unsqueeze(weights, 0)),
                2 * Math.PI);
        yield g.toWeightType(g.cat(1, g.unary(Unary.SIN, angle), g.unary(Unary.COS, angle)));
      }
      case LEARNED ->
          g.embedding(
              g.parameter("time_proj.weight", config.numTrainTimesteps().orElseThrow(), width),
              // α = 1 gives a timestep one past the last
              g.toIndices(t, config.numTrainTimesteps().orElseThrow() - 1));
    };
  }

  /** f_i = exp(−ln(10000)·i / (half − freq_shift)); features sin(t·f), cos(t·f). */
  private Value positional(Value t, int width) {
    int half = width / 2;
    Value exponent =
        g.divide(g.multiply(g.range(half, t), -Math.log(10000)), half - config.freqShift());
    Value angle = g.multiply(g.unsqueeze(t, 1), g.unsqueeze(g.unary(Unary.EXP, exponent), 0));
    Value sin = g.unary(Unary.SIN, angle);
    Value cos = g.unary(Unary.COS, angle);
    Value features = config.flipSinToCos() ? g.cat(1, cos, sin) : g.cat(1, sin, cos);
    if (width % 2 == 1) {
      features = g.padEnd(features, 1);
    }
    return g.toWeightType(features);
  }

  private Value down(Value x, Value emb, int[] channels, Deque<Skip> skips) {
    Value h = x;
    int in = channels[0];
    for (int level = 0; level < channels.length; level++) {
      String block = "down_blocks." + level;
      int out = channels[level];
      boolean attends = config.downBlockTypes().get(level) == DownBlock.ATTN_DOWN;
      for (int i = 0; i < config.layersPerBlock(); i++) {
        h = resnet(h, emb, block + ".resnets." + i, i == 0 ? in : out, out, 1);
        if (attends) {
          h = attention(h, block + ".attentions." + i, out, config.normNumGroups(), 1);
        }
        skips.push(new Skip(h, out));
      }
      if (level < channels.length - 1) {
        h = downsample(h, block + ".downsamplers.0.conv", out);
        skips.push(new Skip(h, out));
      }
      in = out;
    }
    return h;
  }

  private Value downsample(Value x, String name, int channels) {
    return config.downsamplePadding() == 0
        ? g.conv2d(g.padEnd(x, 2), name, channels, channels, 3, 2, 0)
        : g.conv2d(x, name, channels, channels, 3, 2, config.downsamplePadding());
  }

  private Value mid(Value x, Value emb, int channels) {
    if (!config.midBlock()) {
      return x;
    }
    double factor = config.midBlockScaleFactor();
    Value h = resnet(x, emb, "mid_block.resnets.0", channels, channels, factor);
    if (config.addAttention()) {
      h = attention(h, "mid_block.attentions.0", channels, midAttentionGroups(), factor);
    }
    return resnet(h, emb, "mid_block.resnets.1", channels, channels, factor);
  }

  /** Groups of the middle attention's norm; 0 for none, the default with scale and shift. */
  private int midAttentionGroups() {
    return config
        .attnNormNumGroups()
        .orElse(
            config.resnetTimeScaleShift() == TimeScaleShift.DEFAULT ? config.normNumGroups() : 0);
  }

  private Value up(Value x, Value emb, int[] channels, Deque<Skip> skips) {
    Value h = x;
    int last = channels.length - 1;
    int in = channels[last];
    for (int level = 0; level < channels.length; level++) {
      String block = "up_blocks." + level;
      int out = channels[last - level];
      boolean attends = config.upBlockTypes().get(level) == UpBlock.ATTN_UP;
      for (int i = 0; i <= config.layersPerBlock(); i++) {
        Skip skip = skips.pop();
        Value joined = g.cat(1, h, skip.value());
        h = resnet(joined, emb, block + ".resnets." + i, in + skip.channels(), out, 1);
        if (attends) {
          h = attention(h, block + ".attentions." + i, out, config.normNumGroups(), 1);
        }
        in = out;
      }
      if (level < last) {
        h = g.conv2d(g.upsampleNearest2x(h), block + ".upsamplers.0.conv", out, out, 3, 1, 1);
      }
    }
    return h;
  }

  /**
   * x: N×in×H×W to N×out×H×W.
   *
   * @param emb the activated embedding, N×{@link #embeddingDim}
   * @param factor divides the sum with the input
   */
  private Value resnet(Value x, Value emb, String name, int in, int out, double factor) {
    Value h = activation(norm(x, name + ".norm1", in));
    h = g.conv2d(h, name + ".conv1", in, out, 3, 1, 1);
    if (config.resnetTimeScaleShift() == TimeScaleShift.SCALE_SHIFT) {
      Value both = g.unsqueezePixels(g.linear(emb, name + ".time_emb_proj", embeddingDim, 2 * out));
      Value scale = g.slice(both, 1, 0, out);
      Value shift = g.slice(both, 1, out, 2 * out);
      h = norm(h, name + ".norm2", out);
      h = g.add(g.multiply(h, g.add(scale, 1)), shift);
    } else {
      h = g.add(h, g.unsqueezePixels(g.linear(emb, name + ".time_emb_proj", embeddingDim, out)));
      h = norm(h, name + ".norm2", out);
    }
    h = g.conv2d(activation(h), name + ".conv2", out, out, 3, 1, 1);
    Value shortcut = in == out ? x : g.conv2d(x, name + ".conv_shortcut", in, out, 1, 1, 0);
    return scaled(g.add(shortcut, h), factor);
  }

  /** Self-attention over the pixels with a residual connection. */
  private Value attention(Value x, String name, int channels, int groups, double factor) {
    Value h =
        groups == 0 ? x : g.groupNorm(x, name + ".group_norm", channels, groups, config.normEps());
    h = g.toPixelSequence(h);
    Value q = g.linear(h, name + ".to_q", channels, channels);
    Value k = g.linear(h, name + ".to_k", channels, channels);
    Value v = g.linear(h, name + ".to_v", channels, channels);
    int heads =
        config.attentionHeadDim().isPresent() ? channels / config.attentionHeadDim().getAsInt() : 1;
    h = g.linear(g.attention(q, k, v, channels, heads), name + ".to_out.0", channels, channels);
    return scaled(g.add(g.fromPixelSequence(h, x), x), factor);
  }

  private Value activation(Value x) {
    return switch (config.actFn()) {
      case SILU -> g.silu(x);
      case MISH -> g.unary(Unary.MISH, x);
      case GELU -> g.unary(Unary.GELU, x);
      case RELU -> g.unary(Unary.RELU, x);
    };
  }

  private Value norm(Value x, String name, int channels) {
    return g.groupNorm(x, name, channels, config.normNumGroups(), config.normEps());
  }

  private Value scaled(Value x, double factor) {
    return factor == 1 ? x : g.divide(x, factor);
  }
}
