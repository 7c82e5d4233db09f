package dev.mezzotint.network;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Builds one evaluation of a network, operator by operator, and collects the weights that it uses.
 * A network is described once in these operators; the subclasses write it for an engine.
 *
 * <p>Reads like PyTorch module code: {@code h = g.conv2d(g.silu(g.groupNorm(x, "norm1", c, 8,
 * 1e-5)), "conv1", c, out, 3, 1, 1)}. Weights are named and shaped as in diffusers; their order is
 * that of first use, see {@link #weights()}.
 *
 * <p>Shapes in comments: N rows, C channels, H×W pixels. Not safe for use by several threads.
 */
abstract class Graph {

  /** A tensor in the graph, by its name there. */
  record Value(String name) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Initialisation of a weight, as in PyTorch's layers. */
  enum Initial {
    /** Uniform in ±1/√fan_in: convolutions and linear layers, kernels and biases. */
    FAN_IN,
    ONES,
    ZEROS,
    /** Standard normal: embedding tables. */
    NORMAL
  }

  /** Operators of one value that keep its shape. */
  enum Unary {
    SILU,
    MISH,
    GELU,
    RELU,
    EXP,
    LOG,
    SIN,
    COS
  }

  /** Operators of two values, which broadcast. */
  enum Binary {
    ADD,
    MUL,
    DIV
  }

  /**
   * Shape and initialisation of a weight.
   *
   * @param index in the order of first use
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Weight(int index, long[] shape, Initial initial) {}

  private final Map<String, Weight> weights = new LinkedHashMap<>();

  /** Every weight used so far by name, in the order of first use. */
  final Map<String, Weight> weights() {
    return new LinkedHashMap<>(weights);
  }

  /** Registers a weight; returns its index in the order of first use. */
  final int use(String name, Initial initial, long... shape) {
    return weights
        .computeIfAbsent(name, first -> new Weight(weights.size(), shape, initial))
        .index();
  }

  abstract Value unary(Unary operator, Value x);

  final Value silu(Value x) {
    return unary(Unary.SILU, x);
  }

  abstract Value binary(Binary operator, Value a, Value b);

  /** A constant, as an operand of {@link #binary}. */
  abstract Value constant(double number);

  final Value add(Value a, Value b) {
    return binary(Binary.ADD, a, b);
  }

  final Value add(Value x, double number) {
    return add(x, constant(number));
  }

  final Value multiply(Value a, Value b) {
    return binary(Binary.MUL, a, b);
  }

  final Value multiply(Value x, double factor) {
    return multiply(x, constant(factor));
  }

  final Value divide(Value a, Value b) {
    return binary(Binary.DIV, a, b);
  }

  final Value divide(Value x, double divisor) {
    return divide(x, constant(divisor));
  }

  /** A weight as a value, such as an embedding table. */
  abstract Value parameter(String name, long... shape);

  /** x: N×in×H×W, weight OIHW, square kernel and equal stride and padding on both axes. */
  abstract Value conv2d(Value x, String name, int in, int out, int kernel, int stride, int padding);

  /** x: …×in, weight (out, in). */
  abstract Value linear(Value x, String name, int in, int out);

  /** x: N×C×H×W */
  abstract Value groupNorm(Value x, String name, int channels, int groups, double eps);

  abstract Value cat(int dimension, Value... parts);

  /** Casts to the element type of the weights. */
  abstract Value toWeightType(Value x);

  abstract Value toFloat32(Value x);

  /** Slices x along a dimension from start (inclusive) to end (exclusive). */
  abstract Value slice(Value x, int dimension, int start, int end);

  abstract Value unsqueeze(Value x, int dimension);

  /** x: N×C to N×C×1×1, which broadcasts over pixels. */
  final Value unsqueezePixels(Value x) {
    return unsqueeze(unsqueeze(x, 2), 3);
  }

  /** x: N to N×1×1×1, which broadcasts over images. */
  final Value unsqueezeImage(Value x) {
    return unsqueezePixels(unsqueeze(x, 1));
  }

  /** x: N×C×1×1 to N×C. */
  abstract Value squeezePixels(Value x);

  /** Nearest-neighbour upsampling to twice the height and width. */
  abstract Value upsampleNearest2x(Value x);

  /**
   * Folds each square of patch×patch pixels to one pixel, as {@code pixel_unshuffle}: N×C×H×W to
   * N×(C·patch²)×(H/patch)×(W/patch), where the channels of the squares' pixels, row by row, follow
   * each other for each channel of x.
   */
  abstract Value fold(Value x, int channels, int patch);

  /**
   * The inverse of {@link #fold}, as {@code pixel_shuffle}.
   *
   * @param x N×(C·patch²)×H×W
   */
  abstract Value unfold(Value x, int patch);

  /** Pads the end of the last {@code axes} axes with one zero each. */
  abstract Value padEnd(Value x, int axes);

  /** The numbers 0, 1, …, count − 1 as float32, on the device of {@code like}. */
  abstract Value range(int count, Value like);

  /**
   * Rows of a table.
   *
   * @param indices N integers
   */
  abstract Value embedding(Value table, Value indices);

  /** x: N floats, truncated to integers in [0, max]. */
  abstract Value toIndices(Value x, int max);

  /**
   * Attention over the pixels: softmax(q kᵀ / √d) v.
   *
   * @param q N×P×C with P pixels, as k and v
   * @param heads C is split into this many heads of d = C / heads
   * @return N×P×C
   */
  abstract Value attention(Value q, Value k, Value v, int channels, int heads);

  /** N×C×H×W to N×(H·W)×C. */
  abstract Value toPixelSequence(Value x);

  /** N×(H·W)×C back to the shape of {@code like}. */
  abstract Value fromPixelSequence(Value x, Value like);
}
