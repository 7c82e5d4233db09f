package dev.mezzotint.training;

import dev.mezzotint.dataset.EpochOrder;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Reading;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.UniformSampling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Pairs of a model's own making: x1 is where the model carries x0. Blends of such pairs hardly
 * cross, so a network trained on them has straighter paths and needs fewer steps [Liu, Gong, Liu:
 * Flow straight and fast, 2023, section 2.2].
 *
 * <p>x0, condition and class of pair i are those of the underlying pairs at position i. The x1 are
 * made once, in order, and kept in a file of float32: a training that was interrupted goes on where
 * the file ends. {@link #read} is safe for many threads once all are made.
 */
final class ReflowPairs implements Pairs, AutoCloseable {
  /** Rows of a pass; the file grows by so many. */
  private static final int PASS = 32;

  private final Pairs underlying;
  private final Recipe recipe;
  private final int count;
  private final int values;
  private final FileChannel x1s;

  private ReflowPairs(Pairs underlying, Recipe recipe, FileChannel x1s) {
    this.underlying = underlying;
    this.recipe = recipe;
    this.count = recipe.reflow().orElseThrow().pairs();
    this.values = underlying.channels() * underlying.height() * underlying.width();
    this.x1s = x1s;
  }

  /**
   * Makes what the file lacks.
   *
   * @param model whose paths are to be straightened
   * @param file of count × C×H×W float32
   * @param stopping asked between passes; true leaves off
   * @return some are missing if it was stopped, see {@link #complete}; closed by the caller
   */
  static ReflowPairs make(
      Pairs underlying,
      Recipe recipe,
      ModelFiles model,
      Device device,
      Path file,
      BooleanSupplier stopping,
      Progress progress) {
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      ReflowPairs pairs = new ReflowPairs(underlying, recipe, channel);
      try {
        pairs.extend(model, device, stopping, progress);
      } catch (IOException | RuntimeException e) {
        pairs.close();
        throw e;
      }
      return pairs;
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  /** Told after each pass. */
  @FunctionalInterface
  interface Progress {
    void made(int pairs, int count);
  }

  private void extend(ModelFiles model, Device device, BooleanSupplier stopping, Progress progress)
      throws IOException {
    int made = (int) Math.min(count, x1s.size() / (4L * values));
    if (made == count) {
      return;
    }
    NetworkConfig config = model.config();
    NetworkProgram program =
        NetworkProgram.of(config, Reading.of(model.card()), TrainStep.defaults());
    Recipe.Reflow reflow = recipe.reflow().orElseThrow();
    List<Stage> stages = reflow.sampler().stages(AlphaSchedule.UNIFORM.alphas(reflow.steps()));
    try (SamplingNetwork network = device.load(program, model.readWeights())) {
      while (made < count && !stopping.getAsBoolean()) {
        int rows = Math.min(PASS, count - made);
        append(pass(network, stages, made, rows), made);
        made += rows;
        progress.made(made, count);
      }
    }
  }

  private float[] pass(SamplingNetwork network, List<Stage> stages, int first, int rows) {
    int shown = underlying.conditionChannels() * underlying.height() * underlying.width();
    float[] x0 = new float[rows * values];
    float[] ignored = new float[rows * values];
    float[] condition = new float[rows * shown];
    long[] classes = new long[rows];
    for (int row = 0; row < rows; row++) {
      classes[row] =
          underlying.read(first + row, x0, ignored, row * values, condition, row * shown);
    }
    return UniformSampling.sample(
        network,
        stages,
        Optional.empty(),
        x0,
        condition,
        underlying.height(),
        underlying.width(),
        classes);
  }

  private void append(float[] x1, int at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 * x1.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(x1);
    long position = 4L * values * at;
    while (bytes.hasRemaining()) {
      position += x1s.write(bytes, position);
    }
  }

  /** Whether all are made. */
  boolean complete() {
    try {
      return x1s.size() >= 4L * values * count;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public int size() {
    return count;
  }

  @Override
  public int channels() {
    return underlying.channels();
  }

  @Override
  public int height() {
    return underlying.height();
  }

  @Override
  public int width() {
    return underlying.width();
  }

  @Override
  public List<String> classes() {
    return underlying.classes();
  }

  @Override
  public int conditionChannels() {
    return underlying.conditionChannels();
  }

  @Override
  public List<String> broken() {
    return underlying.broken();
  }

  @Override
  public long read(
      long position, float[] x0, float[] x1, int offset, float[] condition, int conditionOffset) {
    int pair = EpochOrder.index(recipe.seed(), position, count);
    long label = underlying.read(pair, x0, x1, offset, condition, conditionOffset);
    ByteBuffer bytes = ByteBuffer.allocate(4 * values).order(ByteOrder.LITTLE_ENDIAN);
    try {
      long from = 4L * values * pair;
      while (bytes.hasRemaining()) {
        int read = x1s.read(bytes, from + bytes.position());
        if (read < 0) {
          throw new IOException("pair " + pair + " is missing");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("pairs of the model's own making cannot be read", e);
    }
    bytes.flip();
    bytes.asFloatBuffer().get(x1, offset, values);
    return label;
  }

  @Override
  public void start(long position, float[] x0, int offset) {
    underlying.start(EpochOrder.index(recipe.seed(), position, count), x0, offset);
  }

  @Override
  public List<Example> examples(int shown) {
    return underlying.examples(shown);
  }

  @Override
  public void close() {
    try {
      x1s.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
