package dev.mezzotint.training;

import dev.mezzotint.dataset.EpochOrder;
import dev.mezzotint.files.FileErrors;
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
 * Reflow pairs: x1 is what an existing model generates from x0. The straight lines of such pairs
 * hardly cross, so a network trained on them has straighter paths and needs fewer steps [Liu, Gong,
 * Liu: Flow straight and fast, 2023, section 2.2].
 *
 * <p>x0, condition and class of pair i are those of the underlying pairs at position i. Each x1 is
 * generated once, in order, and kept in a file of float32: an interrupted training continues at the
 * end of the file or of the {@link PartStore}, whichever is further. {@link #read} is safe for many
 * threads once all pairs are generated.
 */
final class ReflowPairs implements Pairs, AutoCloseable {
  /** Rows of a pass at most. */
  private static final int PASS_ROWS_MAX = 32;

  /** Values of a pass at most, unless a single row has more. */
  private static final int PASS_VALUES_MAX = 1 << 22;

  /** Least size of a part except the last: few objects, and little to lose. */
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
   * Generates the pairs that the file lacks.
   *
   * @param model that generates x1
   * @param file of count × C×H×W float32
   * @param stopping asked between passes; true ends early
   * @param partStore holds parts that were generated earlier
   * @return closed by the caller; incomplete if stopped early, see {@link #isComplete}
   */
  static ReflowPairs generate(
      Pairs underlying,
      Recipe recipe,
      ModelFiles model,
      Device device,
      Path file,
      BooleanSupplier stopping,
      PartStore partStore,
      TrainingObserver observer)
      throws InterruptedException {
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      ReflowPairs pairs = new ReflowPairs(underlying, recipe, channel);
      try {
        pairs.extend(model, device, stopping, partStore, observer);
      } catch (IOException | InterruptedException | RuntimeException e) {
        pairs.close();
        throw e;
      }
      return pairs;
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be written: " + FileErrors.reason(e), e);
    }
  }

  /**
   * Keeps parts of the pairs elsewhere than on this disk, which may be lost with its worker:
   * generating them again takes hours. Parts are counted from 0 and saved in order, by the thread
   * that generates the pairs.
   */
  interface PartStore {
    /** Keeps nothing: the file is all there is. */
    PartStore NONE =
        new PartStore() {
          @Override
          public Optional<byte[]> load(int part, int bytes) {
            return Optional.empty();
          }

          @Override
          public byte[] save(int part, byte[] x1) {
            return x1;
          }
        };

    /**
     * @param bytes size of the part
     * @return rows × C×H×W float32, little-endian; empty if the part was not saved
     */
    Optional<byte[]> load(int part, int bytes) throws InterruptedException;

    /**
     * @return the part to use: the one that was saved first, maybe by another attempt on another
     *     machine
     */
    byte[] save(int part, byte[] x1) throws InterruptedException;
  }

  private void extend(
      ModelFiles model,
      Device device,
      BooleanSupplier stopping,
      PartStore partStore,
      TrainingObserver observer)
      throws IOException, InterruptedException {
    int ready = loadParts(partStore, observer);
    if (ready == count) {
      return;
    }
    NetworkConfig config = model.config();
    NetworkProgram program =
        NetworkProgram.of(config, Parameterization.of(model.card()), TrainStep.defaults());
    Recipe.Reflow reflow = recipe.reflow().orElseThrow();
    List<Stage> stages = reflow.sampler().stages(AlphaSchedule.UNIFORM.alphas(reflow.steps()));
    try (SamplingNetwork network = device.load(program, model.readWeights(program.weights()))) {
      while (ready < count && !stopping.getAsBoolean()) {
        int rows = Math.min(passRows, count - ready);
        write(bytes(pass(network, stages, ready, rows)), ready);
        ready += rows;
        if (ready == count || ready % partRows() == 0) {
          int part = (ready - 1) / partRows();
          ByteBuffer whole = ByteBuffer.allocate(partBytes(part));
          read(whole, 4L * values * part * partRows());
          write(ByteBuffer.wrap(partStore.save(part, whole.array())), part * partRows());
        }
        observer.onEvent(new TrainingEvent.PairsReady(ready, count));
      }
    }
  }

  /** Extends the file by the parts in the store; returns how many of its rows are complete. */
  private int loadParts(PartStore partStore, TrainingObserver observer)
      throws IOException, InterruptedException {
    int ready = (int) Math.min(count, x1s.size() / (4L * values));
    if (ready < count) {
      ready -= ready % passRows; // the same passes as without an interruption, so the same bits
    }
    while (ready < count && ready % partRows() == 0) {
      int part = ready / partRows();
      Optional<byte[]> stored = partStore.load(part, partBytes(part));
      if (stored.isEmpty()) {
        return ready;
      }
      write(ByteBuffer.wrap(stored.get()), ready);
      ready = Math.min(count, ready + partRows());
      observer.onEvent(new TrainingEvent.PairsReady(ready, count));
    }
    return ready;
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
    int conditionValues = underlying.conditionChannels() * underlying.height() * underlying.width();
    float[] x0 = new float[rows * values];
    float[] ignored = new float[rows * values];
    float[] condition = new float[rows * conditionValues];
    long[] classes = new long[rows];
    for (int row = 0; row < rows; row++) {
      classes[row] =
          underlying.read(first + row, x0, ignored, row * values, condition, row * conditionValues);
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

  private void read(ByteBuffer bytes, long from) throws IOException {
    while (bytes.hasRemaining()) {
      int read = x1s.read(bytes, from + bytes.position());
      if (read < 0) {
        throw new IOException("reflow pairs end before byte " + (from + bytes.limit()));
      }
    }
    bytes.flip();
  }

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
  public Shape shape() {
    return underlying.shape();
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
      throw new UncheckedIOException("reflow pairs cannot be read", e);
    }
    bytes.asFloatBuffer().get(x1, offset, values);
    return label;
  }

  @Override
  public void readX0(long position, float[] x0, int offset) {
    underlying.readX0(EpochOrder.index(recipe.seed(), position, count), x0, offset);
  }

  @Override
  public List<Example> examples(int limit) {
    return underlying.examples(limit);
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
