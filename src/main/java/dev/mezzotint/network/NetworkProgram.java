package dev.mezzotint.network;

import dev.mezzotint.iadb.Noise;
import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.PatchedUNet;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.Graph.Value;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import onnx.Onnx.TensorProto;

/**
 * A network as a TorchScript program with the methods for sampling and training. Immutable and safe
 * for use by many threads; holds no weights and no native memory.
 *
 * <p>Methods (N rows, C = channels of the images, K = those of their conditions, after x in the
 * network's input, S slots; float32 unless said otherwise; {@code w} is the list of weights in the
 * order of {@link #weights()}):
 *
 * <ul>
 *   <li>{@code forward(x N×(C+K)×H×W, t N, classes N int64, w) → N×C×H×W}: one evaluation of the
 *       network, t in the network's own units. A network with a patch folds its input and unfolds
 *       its output here: all other methods see images.
 *   <li>{@code direction(x N×C×H×W, condition N×K×H×W, alpha N, classes N, w) → N×C×H×W}: x1 − x0
 *       at α for any prediction, see {@link Parameterization}.
 *   <li>{@code step(x S×C×H×W, memory S×3×C×H×W, condition S×K×H×W, slots N int64, alpha N,
 *       coefficients N×4, classes N int64, w) → N×C×H×W}: one solver stage for the given slots, in
 *       place: d = direction at alpha, x += g0·d + g1·m1 + g2·m2 + g3·m3, then m3 = m2, m2 = m1, m1
 *       = d. Only padding slots, whose content does not matter, may occur more than once.
 *   <li>{@code guided_step(x, memory, condition, slots, alpha, coefficients, classes, nulls N
 *       int64, keep 1, weights N, stars N, w) → N×C×H×W}: as {@code step} with d = (1 −
 *       w)·s·d(nulls, keep·condition) + w·d(classes, condition), see {@code iadb.Guidance}; s = 1
 *       where stars is 0.
 *   <li>{@code overwrite(x, slots n int64, values n×C×H×W)}: replaces x and nothing else.
 *   <li>{@code put(x, memory, condition, slots n int64, x0 n×C×H×W, c n×K×H×W)}: fills slots and
 *       clears their previous directions.
 *   <li>{@code take(x, slots) → n×C×H×W}: reads slots.
 *   <li>{@code cast(w, dtype, channels_last) → w}: converts weights to another precision and
 *       layout.
 *   <li>{@code train_step(...)}: see {@link TrainStep}.
 * </ul>
 */
public final class NetworkProgram {
  private final byte[] archive;
  private final Map<String, Graph.Weight> weights;
  private final NetworkConfig config;
  private final Parameterization reading;

  private NetworkProgram(
      byte[] archive, Graph graph, NetworkConfig config, Parameterization reading) {
    this.archive = archive;
    this.weights = graph.weights();
    this.config = config;
    this.reading = reading;
  }

  public static NetworkProgram of(NetworkConfig config, Parameterization reading, TrainStep train) {
    TorchScriptGraph graph = new TorchScriptGraph();
    graph.returns(forward(config, graph, new Value("x"), new Value("t"), new Value("classes")));
    boolean conditioned = config.conditionChannels() > 0;
    String methods =
        "  def forward(self: __torch__.Net, x: Tensor, t: Tensor, classes: Tensor,"
            + " w: List[Tensor]) -> Tensor:\n"
            + indent(graph.body())
            + reading.directionMethod(conditioned)
            + STEP
            + GUIDED_STEP
            + OVERWRITE
            + PUT
            + TAKE
            + CAST
            + train.method(conditioned, reading);
    return new NetworkProgram(TorchScriptArchive.write(methods), graph, config, reading);
  }

  private static Value forward(NetworkConfig config, Graph graph, Value x, Value t, Value classes) {
    if (config instanceof PatchedUNet patched) {
      int patch = patched.patch();
      Value folded = graph.fold(x, patched.inChannels(), patch);
      return graph.unfold(new UNet2d(patched.unet(), graph).forward(folded, t, classes), patch);
    }
    return config instanceof UNetConfig unet
        ? new UNet2d(unet, graph).forward(x, t, classes)
        : new Mlp((MlpConfig) config, graph).forward(x, t);
  }

  /**
   * The network and its weights as an ONNX file: inputs {@code x}, {@code t} and, for a network
   * with classes, {@code classes}; output {@code y}, as {@code forward} of the program.
   *
   * @param tensors by name, exactly those of {@link #weights()}
   * @return a direct buffer, so that the heap holds no copy of the weights
   * @throws IllegalArgumentException if a tensor is missing or has another shape, or if they are
   *     too many for the format
   */
  public ByteBuffer onnx(Map<String, Tensor> tensors) {
    OnnxGraph graph = new OnnxGraph();
    Value x = graph.input("x", TensorProto.DataType.FLOAT, "N", "C", "H", "W");
    Value t = graph.input("t", TensorProto.DataType.FLOAT, "N");
    Value classes =
        hasClasses() ? graph.input("classes", TensorProto.DataType.INT64, "N") : new Value("");
    return graph.file(forward(config, graph, x, t, classes), tensors);
  }

  public boolean hasClasses() {
    return config.classEmbedType() != UNetConfig.ClassEmbedding.NONE;
  }

  /** What the network predicts, and its timesteps. */
  public Parameterization parameterization() {
    return reading;
  }

  /** C, the channels of x. */
  public int channels() {
    return config.outChannels();
  }

  /** K, the condition's channels, which follow those of x in the network's input. */
  public int conditionChannels() {
    return config.conditionChannels();
  }

  /** The archive that the engine loads; the array must not be changed. */
  public byte[] archive() {
    return archive;
  }

  /** Name → shape of every weight, in the order of the methods' {@code w}. */
  public Map<String, long[]> weights() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    weights.forEach((name, weight) -> shapes.put(name, weight.shape()));
    return shapes;
  }

  /** Initial weights, distributed as in PyTorch's layers; a function of the seed. */
  public Map<String, Tensor> initialWeights(long seed) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    double bound = 0;
    long index = 0;
    for (Map.Entry<String, Graph.Weight> weight : weights.entrySet()) {
      long[] shape = weight.getValue().shape();
      float[] values = new float[Math.toIntExact(product(shape, 0))];
      if (shape.length > 1) {
        bound =
            1 / Math.sqrt(product(shape, 1)); // a bias follows its kernel and uses the same bound
      }
      switch (weight.getValue().initial()) {
        case FAN_IN -> uniform(seed, index, bound, values);
        case NORMAL -> Noise.gaussian(seed, index, values, 0, values.length);
        case ONES -> Arrays.fill(values, 1);
        case ZEROS -> Arrays.fill(values, 0);
      }
      tensors.put(weight.getKey(), Tensor.ofFloats(values, shape));
      index++;
    }
    return tensors;
  }

  private static void uniform(long seed, long index, double bound, float[] values) {
    double[] draws = new double[values.length];
    Noise.uniform(seed, index, draws, 0, draws.length);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (bound * (2 * draws[i] - 1));
    }
  }

  private static long product(long[] shape, int from) {
    long product = 1;
    for (int axis = from; axis < shape.length; axis++) {
      product *= shape[axis];
    }
    return product;
  }

  static String indent(String body) {
    return body.indent(2);
  }

  /** The step loop's call, see the class comment. */
  private static final String STEP =
      """
        def step(self: __torch__.Net, x: Tensor, memory: Tensor, condition: Tensor, slots: Tensor, alpha: Tensor, coefficients: Tensor, classes: Tensor, w: List[Tensor]) -> Tensor:
          xs = torch.index_select(x, 0, slots)
          cs = torch.index_select(condition, 0, slots)
          d = (self).direction(xs, cs, alpha, classes, w, )
          return (self).advance(x, memory, slots, xs, d, coefficients, )
        def advance(self: __torch__.Net, x: Tensor, memory: Tensor, slots: Tensor, xs: Tensor, d: Tensor, coefficients: Tensor) -> Tensor:
          previous = torch.slice(torch.index_select(memory, 0, slots), 1, 0, 3)
          directions = torch.cat([torch.unsqueeze(d, 1), previous], 1)
          shares = torch.view(coefficients, [-1, 4, 1, 1, 1])
          y = torch.add(xs, torch.sum(torch.mul(directions, shares), [1], False))
          _0 = torch.index_copy_(x, 0, slots, y)
          _1 = torch.index_copy_(memory, 0, slots, torch.slice(directions, 1, 0, 3))
          return y
      """;

  /**
   * {@code iadb.Guidance} for many rows. Two evaluations instead of one with twice the rows,
   * because a row without guidance must give the same bits as in a pass without guidance.
   */
  private static final String GUIDED_STEP =
      """
        def guided_step(self: __torch__.Net, x: Tensor, memory: Tensor, condition: Tensor, slots: Tensor, alpha: Tensor, coefficients: Tensor, classes: Tensor, nulls: Tensor, keep: Tensor, weights: Tensor, stars: Tensor, w: List[Tensor]) -> Tensor:
          xs = torch.index_select(x, 0, slots)
          cs = torch.index_select(condition, 0, slots)
          c = (self).direction(xs, cs, alpha, classes, w, )
          u = (self).direction(xs, torch.mul(cs, keep), alpha, nulls, w, )
          g = torch.view(weights, [-1, 1, 1, 1])
          dot = torch.sum(torch.mul(c, u), [1, 2, 3], True)
          squares = torch.clamp_min(torch.sum(torch.mul(u, u), [1, 2, 3], True), 1e-30)
          star = torch.gt(torch.view(stars, [-1, 1, 1, 1]), 0.5)
          s = torch.where(star, torch.div(dot, squares), torch.ones_like(dot))
          v = torch.add(torch.mul(torch.mul(torch.rsub(g, 1.), s), u), torch.mul(g, c))
          d = torch.where(torch.eq(g, 1.), c, v)
          return (self).advance(x, memory, slots, xs, d, coefficients, )
      """;

  private static final String PUT =
      """
        def put(self: __torch__.Net, x: Tensor, memory: Tensor, condition: Tensor, slots: Tensor, x0: Tensor, c: Tensor) -> Tensor:
          _0 = torch.index_copy_(x, 0, slots, x0)
          _1 = torch.index_copy_(condition, 0, slots, c)
          _2 = torch.index_fill_(memory, 0, slots, 0.)
          return slots
      """;

  private static final String OVERWRITE =
      """
        def overwrite(self: __torch__.Net, x: Tensor, slots: Tensor, values: Tensor) -> Tensor:
          _0 = torch.index_copy_(x, 0, slots, values)
          return slots
      """;

  private static final String TAKE =
      """
        def take(self: __torch__.Net, x: Tensor, slots: Tensor) -> Tensor:
          return torch.index_select(x, 0, slots)
      """;

  /** Only convolution kernels (four axes) have a channels-last layout. */
  private static final String CAST =
      """
        def cast(self: __torch__.Net, w: List[Tensor], dtype: int, channels_last: bool) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for i in range(torch.len(w)):
            p = torch.to(w[i], dtype)
            if channels_last:
              if torch.eq(torch.dim(p), 4):
                q = torch.contiguous(p, memory_format=2)
              else:
                q = torch.contiguous(p)
              r = q
            else:
              r = torch.contiguous(p)
            _0 = torch.append(out, r)
          return out
      """;
}
