package dev.mezzotint.training;

import dev.mezzotint.dataset.EpochOrder;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.training.recipe.Recipe;
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
 * the file ends, or where {@link PartStore} does. {@link #read} is safe for many threads once all
 * are made.
 */
final class ReflowPairs implements Pairs, AutoCloseable {
  /** Rows of a pass at most; the file grows by so many. */
  private static final int PASS_ROWS_MAX = 32;

  /** Values that a pass carries at once, unless a single row has more. */
  private static final int PASS_VALUES_MAX = 1 << 22;

  /** Bytes that a part has at least, unless it is the last one: few objects, and little to lose. */
  private static final int PART_BYTES = 1 << 20;

  private final Pairs underlying;
  private final Recipe recipe;
  private final int count;
  private final int values;
  private final int passRows;
  private final FileChannel x1s;

  private ReflowPairs(Pairs underlying, Recipe recipe, FileChannel x1s) {
    this.underlying = underlying;
    this.recipe = recipe;
    this.count = recipe.reflow().orElseThrow().pairs();
    this.values = underlying.channels() * underlying.height() * underlying.width();
    this.passRows = Math.max(1, Math.min(PASS_ROWS_MAX, PASS_VALUES_MAX / values));
    this.x1s = x1s;
  }

  /**
   * Makes what the file lacks.
   *
   * @param model whose paths are to be straightened
   * @param file of count × C×H×W float32
   * @param stopping asked between passes; true leaves off
   * @param keeping where parts come from that were made before
   * @return some are missing if it was stopped, see {@link #isComplete}; closed by the caller
   */
  static ReflowPairs make(
      Pairs underlying,
      Recipe recipe,
      ModelFiles model,
      Device device,
      Path file,
      BooleanSupplier stopping,
      PartStore keeping,
      Progress progress) {
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      ReflowPairs pairs = new ReflowPairs(underlying, recipe, channel);
      try {
        pairs.extend(model, device, stopping, keeping, progress);
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

  /**
   * Where x1 outlive the file: on a disk that may be gone with its worker, making them anew costs
   * hours. Parts are counted from 0 and kept in order. Called by the thread that makes the pairs.
   */
  interface PartStore {
    /** The file is all there is. */
    PartStore NONE =
        new PartStore() {
          @Override
          public Optional<byte[]> kept(int part, int bytes) {
            return Optional.empty();
          }

          @Override
          public byte[] keep(int part, byte[] x1) {
            return x1;
          }
        };

    /**
     * @param bytes how many a whole part has
     * @return rows × C×H×W float32, little-endian; empty if nobody has kept it
     */
    Optional<byte[]> kept(int part, int bytes);

    /**
     * @return what counts: another attempt's, made on another machine, may have come first
     */
    byte[] keep(int part, byte[] x1);
  }

  private void extend(
      ModelFiles model,
      Device device,
      BooleanSupplier stopping,
      PartStore keeping,
      Progress progress)
      throws IOException {
    int made = bring(keeping, progress);
    if (made == count) {
      return;
    }
    NetworkConfig config = model.config();
    NetworkProgram program =
        NetworkProgram.of(config, Parameterization.of(model.card()), TrainStep.defaults());
    Recipe.Reflow reflow = recipe.reflow().orElseThrow();
    List<Stage> stages = reflow.sampler().stages(AlphaSchedule.UNIFORM.alphas(reflow.steps()));
    try (SamplingNetwork network = device.load(program, model.readWeights())) {
      while (made < count && !stopping.getAsBoolean()) {
        int rows = Math.min(passRows, count - made);
        write(bytes(pass(network, stages, made, rows)), made);
        made += rows;
        if (made == count || made % partRows() == 0) {
          int part = (made - 1) / partRows();
          ByteBuffer whole = ByteBuffer.allocate(partBytes(part));
          read(whole, 4L * values * part * partRows());
          write(ByteBuffer.wrap(keeping.keep(part, whole.array())), part * partRows());
        }
        progress.made(made, count);
      }
    }
  }

  /** Rows that the file holds once it has what was kept. */
  private int bring(PartStore keeping, Progress progress) throws IOException {
    int made = (int) Math.min(count, x1s.size() / (4L * values));
    if (made < count) {
      made -= made % passRows; // the same passes as without an interruption, so the same bits
    }
    while (made < count && made % partRows() == 0) {
      int part = made / partRows();
      Optional<byte[]> kept = keeping.kept(part, partBytes(part));
      if (kept.isEmpty()) {
        return made;
      }
      write(ByteBuffer.wrap(kept.get()), made);
      made = Math.min(count, made + partRows());
      progress.made(made, count);
    }
    return made;
  }

  /** The fewest whole passes that fill a part. */
  private int partRows() {
    long pass = 4L * values * passRows;
    return passRows * (int) ((PART_BYTES + pass - 1) / pass);
  }

  private int partBytes(int part) {
    return 4 * values * Math.min(partRows(), count - part * partRows());
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

  private static ByteBuffer bytes(float[] x1) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * x1.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(x1);
    return bytes;
  }

  private void write(ByteBuffer x1, int row) throws IOException {
    long position = 4L * values * row;
    while (x1.hasRemaining()) {
      position += x1s.write(x1, position);
    }
  }

  /** Fills the buffer. */
  private void read(ByteBuffer bytes, long from) throws IOException {
    while (bytes.hasRemaining()) {
      int read = x1s.read(bytes, from + bytes.position());
      if (read < 0) {
        throw new IOException("pairs end before byte " + (from + bytes.limit()));
      }
    }
    bytes.flip();
  }

  /** Whether all are made. */
  boolean isComplete() {
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
  public List<String> brokenFiles() {
    return underlying.brokenFiles();
  }

  @Override
  public long read(
      long position, float[] x0, float[] x1, int offset, float[] condition, int conditionOffset) {
    int pair = EpochOrder.index(recipe.seed(), position, count);
    long label = underlying.read(pair, x0, x1, offset, condition, conditionOffset);
    ByteBuffer bytes = ByteBuffer.allocate(4 * values).order(ByteOrder.LITTLE_ENDIAN);
    try {
      read(bytes, 4L * values * pair);
    } catch (IOException e) {
      throw new UncheckedIOException("pairs of the model's own making cannot be read", e);
    }
    bytes.asFloatBuffer().get(x1, offset, values);
    return label;
  }

  @Override
  public void readX0(long position, float[] x0, int offset) {
    underlying.readX0(EpochOrder.index(recipe.seed(), position, count), x0, offset);
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
