package dev.mezzotint.network;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Writes the body of a TorchScript method, statement by statement. Every operator is one ATen call
 * in TorchScript's serialized dialect. Weights are an argument of the method ({@code w:
 * List[Tensor]}) in the order of {@link #weights()}. Not safe for use by several threads.
 */
final class TorchScriptGraph extends Graph {

  private final StringBuilder body = new StringBuilder();
  private int next;

  /** The statements, each indented by two spaces and followed by a line feed. */
  String body() {
    return body.toString();
  }

  void returns(Value value) {
    body.append("  return ").append(value).append('\n');
  }

  /** Adds any expression of the dialect; {@code values} replace {@code %s}. */
  Value emit(String expression, Object... values) {
    Value result = new Value("v" + next++);
    body.append("  ").append(result).append(" = ");
    body.append(String.format(Locale.ROOT, expression, values)).append('\n');
    return result;
  }

  /** The expression of the weight with this name. */
  private String weight(Initial initial, String name, long... shape) {
    return "w[" + use(name, initial, shape) + "]";
  }

  @Override
  Value parameter(String name, long... shape) {
    return emit("%s", weight(Initial.NORMAL, name, shape));
  }

  @Override
  Value conv2d(Value x, String name, int in, int out, int kernel, int stride, int padding) {
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

  @Override
  Value linear(Value x, String name, int in, int out) {
    return emit(
        "torch.linear(%s, %s, %s)",
        x,
        weight(Initial.FAN_IN, name + ".weight", out, in),
        weight(Initial.FAN_IN, name + ".bias", out));
  }

  @Override
  Value groupNorm(Value x, String name, int channels, int groups, double eps) {
    return emit(
        "torch.group_norm(%s, %d, %s, %s, %s, True)",
        x,
        groups,
        weight(Initial.ONES, name + ".weight", channels),
        weight(Initial.ZEROS, name + ".bias", channels),
        number(eps));
  }

  @Override
  Value unary(Unary operator, Value x) {
    return emit("torch." + operator.name().toLowerCase(Locale.ROOT) + "(%s)", x);
  }

  @Override
  Value binary(Binary operator, Value a, Value b) {
    return emit("torch." + operator.name().toLowerCase(Locale.ROOT) + "(%s, %s)", a, b);
  }

  @Override
  Value constant(double number) {
    return new Value(number(number));
  }

  @Override
  Value cat(int dimension, Value... parts) {
    return emit(
        "torch.cat([%s], %d)",
        List.of(parts).stream().map(Value::toString).collect(Collectors.joining(", ")), dimension);
  }

  @Override
  Value toWeightType(Value x) {
    return emit("torch.type_as(%s, w[0])", x);
  }

  @Override
  Value toFloat32(Value x) {
    return emit("torch.to(%s, 6)", x);
  }

  @Override
  Value slice(Value x, int dimension, int start, int end) {
    return emit("torch.slice(%s, %d, %d, %d)", x, dimension, start, end);
  }

  @Override
  Value unsqueeze(Value x, int dimension) {
    return emit("torch.unsqueeze(%s, %d)", x, dimension);
  }

  @Override
  Value squeezePixels(Value x) {
    return emit("torch.flatten(%s, 1, 3)", x);
  }

  @Override
  Value upsampleNearest2x(Value x) {
    return emit("torch.upsample_nearest2d(%s, None, [2., 2.])", x);
  }

  @Override
  Value fold(Value x, int channels, int patch) {
    return emit("torch.pixel_unshuffle(%s, %d)", x, patch);
  }

  @Override
  Value unfold(Value x, int patch) {
    return emit("torch.pixel_shuffle(%s, %d)", x, patch);
  }

  @Override
  Value padEnd(Value x, int axes) {
    String pads = String.join(", ", Collections.nCopies(axes, "0, 1"));
    return emit("torch.constant_pad_nd(%s, [" + pads + "], 0)", x);
  }

  @Override
  Value range(int count, Value like) {
    return emit("torch.arange(%d, dtype=6, device=ops.prim.device(%s))", count, like);
  }

  @Override
  Value embedding(Value table, Value indices) {
    return emit("torch.embedding(%s, %s)", table, indices);
  }

  @Override
  Value toIndices(Value x, int max) {
    return emit("torch.clamp(torch.to(%s, 4), 0, %d)", x, max);
  }

  @Override
  Value attention(Value q, Value k, Value v, int channels, int heads) {
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

  @Override
  Value toPixelSequence(Value x) {
    return emit("torch.transpose(torch.flatten(%s, 2, 3), 1, 2)", x);
  }

  @Override
  Value fromPixelSequence(Value x, Value like) {
    return emit("torch.view_as(torch.contiguous(torch.transpose(%s, 1, 2)), %s)", x, like);
  }

  /** A floating-point literal of the dialect, always with a point or an exponent. */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(value + " has no literal");
    }
    String text = Double.toString(value);
    return text.replace('E', 'e');
  }
}
