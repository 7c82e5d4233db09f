package dev.mezzotint.generation;

import dev.mezzotint.delivery.ContentType;
import dev.mezzotint.delivery.Digest;
import dev.mezzotint.delivery.Pictures;
import dev.mezzotint.delivery.Stopped;
import dev.mezzotint.job.Patience;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at the pictures of a job: rows go to the device in portions, come back on its thread,
 * and are encoded and stored on a pool, each as soon as it is finished.
 *
 * <p>{@link #run} is called once, by the delivery's thread.
 */
final class Rendering implements Sampling.RowListener {
  /** Rows of one job between submission and their object in the store: bounds memory. */
  static final int IN_FLIGHT_MAX = 512;

  static final int PORTION = 256;

  /** Rows whose pictures must be brought first: the first are under way while others come. */
  static final int PORTION_BROUGHT = 16;

  private static final long POLL_MILLIS = 20;

  /** Asked every few milliseconds while the rows are under way. */
  interface Watch {

    /**
     * @param done evaluations, all rows together
     * @param images that stand in the store
     * @throws Stopped if the attempt is to end
     */
    void look(long done, int images);
  }

  private final ObjectStore store;
  private final Executor pool;
  private final Patience patience;
  private final BooleanSupplier stop;
  private final Plan plan;
  private final Claims claims;
  private final Map<Integer, Trajectory> ways = new ConcurrentHashMap<>(); // of rows under way

  // All below guarded by this.
  private final Pictures.@Nullable Image[] images;
  private final byte[] @Nullable [] files; // only where a grid is to be made of them
  private long done;
  private int stored;
  private boolean over;
  private @Nullable Throwable failure;

  /**
   * @param pool where pictures are encoded and stored; its threads wait for the store
   * @param stop true once the attempt may no longer write
   * @param claims what the rows start from
   */
  Rendering(
      ObjectStore store,
      Executor pool,
      Patience patience,
      BooleanSupplier stop,
      Plan plan,
      Claims claims) {
    this.store = store;
    this.pool = pool;
    this.patience = patience;
    this.stop = stop;
    this.plan = plan;
    this.claims = claims;
    this.images = new Pictures.@Nullable Image[plan.count()];
    this.files = new byte[plan.request().output().grid() ? plan.count() : 0] @Nullable [];
  }

  /**
   * Returns once every picture stands in the store.
   *
   * @throws Stopped as {@code watch} says
   * @throws RuntimeException what the device or the store failed with
   */
  List<Pictures.Image> run(Sampling sampling, Watch watch) throws InterruptedException {
    List<Sampling.Running> running = new ArrayList<>();
    int submitted = 0;
    try {
      while (true) {
        int next = Math.min(plan.count(), submitted + portion());
        if (submitted < next && next - stored() <= IN_FLIGHT_MAX) {
          watch.look(done(), stored());
          running.add(sampling.submit(rows(submitted, next), this));
          submitted = next;
          continue;
        }
        if (await(watch)) {
          return all();
        }
      }
    } finally {
      over();
      running.forEach(Sampling.Running::cancel);
    }
  }

  private int portion() {
    return plan.request().condition().size() > 1 ? PORTION_BROUGHT : PORTION;
  }

  private SamplingJob rows(int from, int to) throws InterruptedException {
    return patience.call(stop, () -> plan.rows(from, to, this::row));
  }

  private SamplingJob.Row row(int index) {
    SamplingJob.Row row = claims.row(index);
    if (!plan.request().output().trajectory()) {
      return row;
    }
    ModelInfo model = plan.model();
    float[] start = new float[model.channels() * model.height() * model.width()];
    row.x0().write(start, /* offset= */ 0, start.length);
    Trajectory way =
        new Trajectory(plan.stages().size(), plan.sampler().evaluationsPerStep(), start);
    ways.put(index, way);
    return row.with(row.interlude().then(way));
  }

  /** The files of all pictures in their order, where the request asked for a grid. */
  synchronized List<byte[]> files() {
    List<byte[]> all = new ArrayList<>();
    for (byte[] file : files) {
      all.add(java.util.Objects.requireNonNull(file));
    }
    return all;
  }

  private synchronized long done() {
    return done;
  }

  private synchronized int stored() {
    return stored;
  }

  private synchronized void over() {
    over = true;
  }

  private synchronized List<Pictures.Image> all() {
    List<Pictures.Image> all = new ArrayList<>();
    for (Pictures.Image image : images) {
      all.add(java.util.Objects.requireNonNull(image));
    }
    return all;
  }

  /** Waits a little; true when everything is stored. */
  private boolean await(Watch watch) throws InterruptedException {
    long doneNow;
    int storedNow;
    synchronized (this) {
      if (failure == null && stored < images.length) {
        wait(POLL_MILLIS);
      }
      if (failure instanceof RuntimeException e) {
        throw e;
      }
      if (failure instanceof Error e) {
        throw e;
      }
      doneNow = done;
      storedNow = stored;
    }
    if (storedNow == images.length) {
      return true;
    }
    watch.look(doneNow, storedNow);
    return false;
  }

  @Override
  public synchronized void advanced(int stages) {
    done += stages;
  }

  @Override
  public void finished(int row, float[] chw) {
    try {
      pool.execute(() -> keep(row, chw));
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void failed(RuntimeException cause) {
    fail(cause);
  }

  private synchronized void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
      notifyAll();
    }
  }

  private synchronized boolean stopped() {
    return over || failure != null || stop.getAsBoolean();
  }

  /** Runs on the pool; whatever goes wrong there is the delivery thread's to deal with. */
  private void keep(int row, float[] chw) {
    try {
      if (stopped()) {
        return;
      }
      ModelInfo model = plan.model();
      checkFinite(row, chw);
      Trajectory way = ways.remove(row);
      byte[] png =
          way == null ? Encoding.png(chw, model) : Encoding.animated(chw, way.frames(), model);
      String key = Keys.image(plan.request().id().value(), row);
      byte[] standing =
          patience.call(this::stopped, () -> FirstWrite.standing(store, key, png, ContentType.PNG));
      kept(row, key, standing);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(new TransientException("the pool that stores pictures was shut down", e));
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  /** NaN would become black without a word; the same request would give it again. */
  private void checkFinite(int row, float[] chw) {
    for (float value : chw) {
      if (!Float.isFinite(value)) {
        throw new InvalidInputException(
            "model",
            "model "
                + plan.model().reference()
                + (" gave a value that is no number in image " + row)
                + " with these steps and sampler");
      }
    }
  }

  private synchronized void kept(int row, String key, byte[] standing) {
    if (images[row] != null) {
      return;
    }
    images[row] =
        new Pictures.Image(
            key,
            Digest.sha256(standing),
            standing.length,
            plan.model().width(),
            plan.model().height(),
            plan.request().seeds().seed(row),
            plan.request().seeds().index(row));
    if (files.length > 0) {
      files[row] = standing;
    }
    stored++;
    notifyAll();
  }
}
