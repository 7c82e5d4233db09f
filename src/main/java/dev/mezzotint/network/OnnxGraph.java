package dev.mezzotint.network;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnsafeByteOperations;
import dev.mezzotint.model.DType;
import dev.mezzotint.model.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;

/**
 * Writes an ONNX graph (<a href="https://onnx.ai/onnx/operators/">operator set 20</a>) of standard
 * operators in float32. Weights become initializers of the graph. Not safe for use by several
 * threads.
 */
final class OnnxGraph extends Graph {
  private static final int OPERATOR_SET = 20;

  /** Protobuf messages have less than 2 GiB; a network's graph takes some hundred KB. */
  private static final long FILE_BYTES_MAX = Integer.MAX_VALUE - (16 << 20);

  private static final int IR_VERSION = 9; // the first with operator set 20

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("network");

  /** Initializers that take their values from a weight, by name in the graph. */
  private final Map<String, Placed> placed = new LinkedHashMap<>();

  /** Number of values and constants so far. */
  private int next;

  /**
   * A weight in the graph.
   *
   * @param shape of the weight
   * @param dims in the graph: those of the weight, or others with as many elements
   * @param transposed whether a matrix is stored as columns
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Placed(String weight, long[] shape, long[] dims, boolean transposed) {}

  /** Declares an input with these axes, each of any length. */
  Value input(String name, TensorProto.DataType type, String... axes) {
    graph.addInput(describe(name, type, axes));
    return new Value(name);
  }

  /**
   * The model as a file.
   *
   * @param output N×C×H×W, the model's only output, named {@code y}
   * @param tensors the weights by name
   * @return a direct buffer
   */
  ByteBuffer file(Value output, Map<String, Tensor> tensors) {
    long bytes = 4 * tensors.values().stream().mapToLong(Tensor::elements).sum();
    if (bytes > FILE_BYTES_MAX) {
      throw new IllegalArgumentException(
          ("an ONNX file cannot hold %s bytes of weights, at most %s: set"
                  + " MEZZOTINT_ENGINE=pytorch")
              .formatted(bytes, FILE_BYTES_MAX));
    }
    GraphProto.Builder whole =
        graph
            .clone()
            .addNode(
                NodeProto.newBuilder().setOpType("Identity").addInput(output.name()).addOutput("y"))
            .addOutput(describe("y", TensorProto.DataType.FLOAT, "N", "K", "H", "W"));
    placed.forEach((name, weight) -> whole.addInitializer(initializer(name, weight, tensors)));
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName("mezzotint")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPERATOR_SET))
            .setGraph(whole)
            .build();
    ByteBuffer file = ByteBuffer.allocateDirect(model.getSerializedSize());
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(file);
      model.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // only if the size were wrong
    }
    return file.flip();
  }

  private static ValueInfoProto describe(String name, TensorProto.DataType type, String... axes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (String axis : axes) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam(axis));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }

  private TensorProto initializer(String name, Placed weight, Map<String, Tensor> tensors) {
    Tensor tensor = tensors.get(weight.weight());
    if (tensor == null) {
      throw new IllegalArgumentException("tensor " + weight.weight() + " is missing");
    }
    if (!Arrays.equals(tensor.shape(), weight.shape())) {
      throw new IllegalArgumentException("tensor " + weight.weight() + " has the wrong shape");
    }
    TensorProto.Builder proto =
        TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT.getNumber());
    for (long dim : weight.dims()) {
      proto.addDims(dim);
    }
    return proto
        .setRawData(
            tensor.dtype() == DType.F32 && !weight.transposed()
                ? UnsafeByteOperations.unsafeWrap(tensor.bytes())
                : bytes(
                    weight.transposed()
                        ? transposed(tensor.toFloats(), (int) weight.dims()[0])
                        : tensor.toFloats()))
        .build();
  }

  /** A matrix with {@code columns} columns, given by rows, by columns. */
  private static float[] transposed(float[] matrix, int columns) {
    int rows = matrix.length / columns;
    float[] out = new float[matrix.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        out[column * rows + row] = matrix[row * columns + column];
      }
    }
    return out;
  }

  private static ByteString bytes(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return UnsafeByteOperations.unsafeWrap(bytes);
  }

  /** A weight with other dimensions than its own. */
  private Value weight(
      Initial initial, String name, long[] shape, boolean transposed, long... dims) {
    use(name, initial, shape);
    placed.putIfAbsent(name, new Placed(name, shape, dims, transposed));
    return new Value(name);
  }

  private Value weight(Initial initial, String name, long... shape) {
    return weight(initial, name, shape, /* transposed= */ false, shape);
  }

  private Value constant(TensorProto.Builder tensor) {
    graph.addInitializer(tensor.setName("c" + next));
    return new Value("c" + next++);
  }

  @Override
  Value constant(double number) {
    return constant(floats((float) number));
  }

  private Value vector(float... values) {
    return constant(floats(values).addDims(values.length));
  }

  private static TensorProto.Builder floats(float... values) {
    return TensorProto.newBuilder()
        .setDataType(TensorProto.DataType.FLOAT.getNumber())
        .setRawData(bytes(values));
  }

  private Value integer(long value) {
    return constant(int64s(value));
  }

  /** A vector, such as a shape: 0 keeps a dimension, −1 is what remains. */
  private Value integers(long... values) {
    return constant(int64s(values).addDims(values.length));
  }

  private static TensorProto.Builder int64s(long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDataType(TensorProto.DataType.INT64.getNumber());
    Arrays.stream(values).forEach(tensor::addInt64Data);
    return tensor;
  }

  private Value node(String operator, List<AttributeProto> attributes, Value... inputs) {
    Value result = new Value("v" + next++);
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .addAllInput(Arrays.stream(inputs).map(Value::name).toList())
            .addOutput(result.name())
            .addAllAttribute(attributes));
    return result;
  }

  private Value node(String operator, Value... inputs) {
    return node(operator, List.of(), inputs);
  }

  private static AttributeProto attribute(String name, long... values) {
    AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name);
    if (values.length == 1) {
      return attribute.setType(AttributeProto.AttributeType.INT).setI(values[0]).build();
    }
    Arrays.stream(values).forEach(attribute::addInts);
    return attribute.setType(AttributeProto.AttributeType.INTS).build();
  }

  private static AttributeProto attribute(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  @Override
  Value unary(Unary operator, Value x) {
    return operator == Unary.SILU
        ? node("Mul", x, node("Sigmoid", x))
        : node(capitalized(operator), x);
  }

  @Override
  Value binary(Binary operator, Value a, Value b) {
    return node(capitalized(operator), a, b);
  }

  /** ONNX's name of an operator. */
  private static String capitalized(Enum<?> operator) {
    return operator.name().charAt(0) + operator.name().substring(1).toLowerCase(Locale.ROOT);
  }

  @Override
  Value parameter(String name, long... shape) {
    return weight(Initial.NORMAL, name, shape);
  }

  @Override
  Value conv2d(Value x, String name, int in, int out, int kernel, int stride, int padding) {
    return node(
        "Conv",
        List.of(
            attribute("kernel_shape", kernel, kernel),
            attribute("strides", stride, stride),
            attribute("pads", padding, padding, padding, padding)),
        x,
        weight(Initial.FAN_IN, name + ".weight", out, in, kernel, kernel),
        weight(Initial.FAN_IN, name + ".bias", out));
  }

  @Override
  Value linear(Value x, String name, int in, int out) {
    Value matrix =
        weight(
            Initial.FAN_IN,
            name + ".weight",
            new long[] {out, in},
            /* transposed= */ true,
            in,
            out);
    return add(node("MatMul", x, matrix), weight(Initial.FAN_IN, name + ".bias", out));
  }

  /**
   * Instance normalization of the groups as if each were a channel, then scale and shift of the
   * channels.
   */
  @Override
  Value groupNorm(Value x, String name, int channels, int groups, double eps) {
    float[] ones = new float[groups];
    Arrays.fill(ones, 1);
    AttributeProto epsilon =
        AttributeProto.newBuilder()
            .setName("epsilon")
            .setType(AttributeProto.AttributeType.FLOAT)
            .setF((float) eps)
            .build();
    Value grouped = node("Reshape", x, integers(0, groups, -1));
    Value normal =
        node(
            "InstanceNormalization",
            List.of(epsilon),
            grouped,
            vector(ones),
            vector(new float[groups]));
    Value back = node("Reshape", normal, node("Shape", x));
    long[] shape = {channels};
    Value scale =
        weight(Initial.ONES, name + ".weight", shape, /* transposed= */ false, channels, 1, 1);
    Value shift =
        weight(Initial.ZEROS, name + ".bias", shape, /* transposed= */ false, channels, 1, 1);
    return add(multiply(back, scale), shift);
  }

  @Override
  Value cat(int dimension, Value... parts) {
    return node("Concat", List.of(attribute("axis", dimension)), parts);
  }

  @Override
  Value toWeightType(Value x) {
    return x;
  }

  @Override
  Value toFloat32(Value x) {
    return node("Cast", List.of(attribute("to", TensorProto.DataType.FLOAT.getNumber())), x);
  }

  @Override
  Value slice(Value x, int dimension, int start, int end) {
    return node("Slice", x, integers(start), integers(end), integers(dimension));
  }

  @Override
  Value unsqueeze(Value x, int dimension) {
    return node("Unsqueeze", x, integers(dimension));
  }

  @Override
  Value squeezePixels(Value x) {
    return node("Flatten", x);
  }

  @Override
  Value upsampleNearest2x(Value x) {
    return node(
        "Resize",
        List.of(
            attribute("mode", "nearest"),
            attribute("coordinate_transformation_mode", "asymmetric"),
            attribute("nearest_mode", "floor")),
        x,
        new Value(""),
        vector(1, 1, 2, 2));
  }

  /** The operator puts the channels of x next to each other, for each pixel of a square. */
  @Override
  Value fold(Value x, int channels, int patch) {
    int squares = patch * patch;
    long[] order = new long[channels * squares];
    for (int i = 0; i < order.length; i++) {
      order[i] = (long) (i % squares) * channels + i / squares;
    }
    Value squared = node("SpaceToDepth", List.of(attribute("blocksize", patch)), x);
    return node("Gather", List.of(attribute("axis", 1)), squared, integers(order));
  }

  @Override
  Value unfold(Value x, int patch) {
    return node(
        "DepthToSpace", List.of(attribute("blocksize", patch), attribute("mode", "CRD")), x);
  }

  @Override
  Value padEnd(Value x, int axes) {
    long[] pads = new long[2 * axes];
    Arrays.fill(pads, axes, 2 * axes, 1);
    long[] last = IntStream.rangeClosed(-axes, -1).asLongStream().toArray();
    return node("Pad", x, integers(pads), new Value(""), integers(last));
  }

  @Override
  Value range(int count, Value like) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = i;
    }
    return vector(numbers);
  }

  @Override
  Value embedding(Value table, Value indices) {
    return node("Gather", table, indices);
  }

  @Override
  Value toIndices(Value x, int max) {
    Value whole = node("Cast", List.of(attribute("to", TensorProto.DataType.INT64.getNumber())), x);
    return node("Clip", whole, integer(0), integer(max));
  }

  @Override
  Value attention(Value q, Value k, Value v, int channels, int heads) {
    int width = channels / heads;
    Value scores =
        multiply(
            node("MatMul", heads(q, heads, width, 0, 2, 1, 3), heads(k, heads, width, 0, 2, 3, 1)),
            1 / Math.sqrt(width));
    Value shares = node("Softmax", List.of(attribute("axis", -1)), scores);
    Value out = node("MatMul", shares, heads(v, heads, width, 0, 2, 1, 3));
    return node("Reshape", transpose(out, 0, 2, 1, 3), integers(0, 0, channels));
  }

  /** N×P×C to N×P×heads×d, with these axes in front. */
  private Value heads(Value x, int heads, int width, long... axes) {
    return transpose(node("Reshape", x, integers(0, 0, heads, width)), axes);
  }

  private Value transpose(Value x, long... axes) {
    return node("Transpose", List.of(attribute("perm", axes)), x);
  }

  @Override
  Value toPixelSequence(Value x) {
    return transpose(node("Reshape", x, integers(0, 0, -1)), 0, 2, 1);
  }

  @Override
  Value fromPixelSequence(Value x, Value like) {
    return node("Reshape", transpose(x, 0, 2, 1), node("Shape", like));
  }
}
