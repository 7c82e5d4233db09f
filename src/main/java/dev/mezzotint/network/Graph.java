package dev.mezzotint.network;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Builds the body of a TorchScript method, statement by statement, and collects the weights that it
 * uses.
 *
 * <p>Reads like PyTorch module code: {@code h = g.conv2d(g.silu(g.groupNorm(x, "norm1", c, 8,
 * 1e-5)), "conv1", c, out, 3, 1, 1)}. Every operator is one ATen call in TorchScript's serialized
 * dialect. Weights are an argument of the method ({@code w: List[Tensor]}), named and shaped as in
 * diffusers; their order in the list is the order of first use, see {@link #weights()}.
 *
 * <p>Shapes in comments: N rows, C channels, H×W pixels. Not safe for use by several threads.
 */
public final class Graph {

  /** A tensor in the method, by the name of its variable. */
  public record Value(String name) {
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

  /** Shape and initialisation of a weight. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Weight(long[] shape, Initial initial) {}

  private final StringBuilder body = new StringBuilder();
  private final Map<String, Weight> weights = new LinkedHashMap<>();
  private final Map<String, Integer> weightIndices = new LinkedHashMap<>();
  private int next;

  /** Every weight used so far by name, in the order of the list argument. */
  Map<String, Weight> weights() {
    return new LinkedHashMap<>(weights);
  }

  /** The statements, each indented by two spaces and followed by a line feed. */
  public String body() {
    return body.toString();
  }

  /** An argument of the method. */
  public Value argument(String name) {
    return new Value(name);
  }

  /** Adds the return statement. */
  public void returns(Value value) {
    body.append("  return ").append(value).append('\n');
  }

  /** Adds any expression of the dialect; {@code values} replace {@code %s}. */
  public Value emit(String expression, Object... values) {
    Value result = new Value("v" + next++);
    body.append("  ").append(result).append(" = ");
    body.append(String.format(Locale.ROOT, expression, values)).append('\n');
    return result;
  }

  /** The expression of the weight with this name. */
  private String weight(Initial initial, String name, long... shape) {
    Integer index = weightIndices.get(name);
    if (index == null) {
      index = weightIndices.size();
      weightIndices.put(name, index);
      weights.put(name, new Weight(shape, initial));
    }
    return "w[" + index + "]";
  }

  /** A weight as a value, such as an embedding table. */
  public Value parameter(String name, long... shape) {
    return emit("%s", weight(Initial.NORMAL, name, shape));
  }

  /** x: N×in×H×W, weight OIHW, square kernel and equal stride and padding on both axes. */
  public Value conv2d(Value x, String name, int in, int out, int kernel, int stride, int padding) {
    return emit(
        "torch.conv2d(%s, %s, %s, [%d, %d], [%d, %d], [1, 1], 1)",
        x,
        weight(Initial.FAN_IN, name + ".weight", out, in, kernel, kernel),
        weight(Initial.FAN_IN, name + ".bias", out),
        stride,
        stride,
        padding,
        padding);
  }

  /** x: …×in, weight (out, in). */
  public Value linear(Value x, String name, int in, int out) {
    return emit(
        "torch.linear(%s, %s, %s)",
        x,
        weight(Initial.FAN_IN, name + ".weight", out, in),
        weight(Initial.FAN_IN, name + ".bias", out));
  }

  /** x: N×C×… */
  public Value groupNorm(Value x, String name, int channels, int groups, double eps) {
    return emit(
        "torch.group_norm(%s, %d, %s, %s, %s, True)",
        x,
        groups,
        weight(Initial.ONES, name + ".weight", channels),
        weight(Initial.ZEROS, name + ".bias", channels),
        number(eps));
  }

  public Value silu(Value x) {
    return emit("torch.silu(%s)", x);
  }

  public Value add(Value a, Value b) {
    return emit("torch.add(%s, %s)", a, b);
  }

  public Value multiply(Value a, Value b) {
    return emit("torch.mul(%s, %s)", a, b);
  }

  public Value divide(Value x, double divisor) {
    return emit("torch.div(%s, %s)", x, number(divisor));
  }

  public Value cat(int dimension, Value... parts) {
    return emit(
        "torch.cat([%s], %d)",
        List.of(parts).stream().map(Value::toString).collect(Collectors.joining(", ")), dimension);
  }

  /** Casts to the element type of the weights. */
  public Value toWeightType(Value x) {
    return emit("torch.type_as(%s, w[0])", x);
  }

  public Value toFloat32(Value x) {
    return emit("torch.to(%s, 6)", x);
  }

  /** Slices x along a dimension from start (inclusive) to end (exclusive). */
  public Value slice(Value x, int dimension, int start, int end) {
    return emit("torch.slice(%s, %d, %d, %d)", x, dimension, start, end);
  }

  public Value unsqueeze(Value x, int dimension) {
    return emit("torch.unsqueeze(%s, %d)", x, dimension);
  }

  /** x: N×C to N×C×1×1, which broadcasts over pixels. */
  public Value unsqueezePixels(Value x) {
    return unsqueeze(unsqueeze(x, 2), 3);
  }

  /** Nearest-neighbour upsampling to twice the height and width. */
  public Value upsampleNearest2x(Value x) {
    return emit("torch.upsample_nearest2d(%s, None, [2., 2.])", x);
  }

  /** Pads the right and lower edge with one pixel of zeros. */
  public Value padRightBottom(Value x) {
    return emit("torch.constant_pad_nd(%s, [0, 1, 0, 1], 0)", x);
  }

  /**
   * Attention over the pixels: softmax(q kᵀ / √d) v.
   *
   * @param q N×P×C with P pixels, as k and v
   * @param heads C is split into this many heads of d = C / heads
   * @return N×P×C
   */
  public Value attention(Value q, Value k, Value v, int channels, int heads) {
    Value out =
        emit(
            "torch.scaled_dot_product_attention(%s, %s, %s)",
            heads(q, channels, heads), heads(k, channels, heads), heads(v, channels, heads));
    Value joined = emit("torch.transpose(%s, 1, 2)", out);
    return emit("torch.flatten(%s, 2, 3)", joined);
  }

  /** N×P×C to N×heads×P×d. */
  private Value heads(Value x, int channels, int heads) {
    Value split =
        emit(
            "torch.view(%s, [torch.size(%s, 0), torch.size(%s, 1), %d, %d])",
            x, x, x, heads, channels / heads);
    return emit("torch.transpose(%s, 1, 2)", split);
  }

  /** N×C×H×W to N×(H·W)×C. */
  public Value toPixelSequence(Value x) {
    return emit("torch.transpose(torch.flatten(%s, 2, 3), 1, 2)", x);
  }

  /** N×(H·W)×C back to the shape of {@code like}. */
  public Value fromPixelSequence(Value x, Value like) {
    return emit("torch.view_as(torch.contiguous(torch.transpose(%s, 1, 2)), %s)", x, like);
  }

  /** A floating-point literal of the dialect, always with a point or an exponent. */
  public static String number(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(value + " has no literal");
    }
    String text = Double.toString(value);
    return text.replace('E', 'e');
  }
}
