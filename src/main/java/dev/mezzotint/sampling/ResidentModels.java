package dev.mezzotint.sampling;

import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.SamplingNetwork;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The models on the device: as many as fit the limit in bytes; for a further one those go that have
 * been unused for longest. Weights are read on a thread of its own while the loop goes on with
 * other models.
 *
 * <p>A model with rows under way is never closed. Where all are busy and one waits, the one that
 * has been there longest takes no new rows until it can go.
 *
 * <p>Used by the loop's thread alone, but for what is said to be otherwise.
 */
final class ResidentModels implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ResidentModels.class.getName());

  /** A model that was loaded for somebody stays this long, or weights would only come and go. */
  private static final long STAY_NANOS = 2_000_000_000L;

  private final ModelLoader modelLoader;
  private final StepLoopSettings settings;
  private final Runnable wake;
  private final BooleanSupplier quiet;
  private final ExecutorService loader = Executors.newSingleThreadExecutor(ResidentModels::thread);
  private final Queue<Loaded> ended = new ConcurrentLinkedQueue<>();
  private final Map<String, Requested> requested = new LinkedHashMap<>();
  private final Map<String, Resident> resident = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<String, BatchCurve> curves = new ConcurrentHashMap<>();
  private @Nullable Requested loading;
  private @Nullable String leaving;
  private volatile long bytes;

  private record Requested(String key, ModelInfo model, long bytes, boolean again) {}

  private record Resident(ModelInfo model, StepGroup group, long bytes, long since) {}

  /** What became of a load: group and curve, or a failure. */
  record Loaded(
      String key,
      @Nullable StepGroup group,
      BatchCurve curve,
      int slots,
      @Nullable RuntimeException failure) {}

  /**
   * @param wake called on another thread when a load has ended
   * @param quiet whether the device has done nothing else since it was last asked; any thread
   */
  ResidentModels(
      ModelLoader shelf, StepLoopSettings settings, Runnable wake, BooleanSupplier quiet) {
    this.modelLoader = shelf;
    this.settings = settings;
    this.wake = wake;
    this.quiet = quiet;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "model-loader");
    thread.setDaemon(true);
    return thread;
  }

  /** The group, as just used; null if it is not on the device. */
  @Nullable StepGroup use(String key) {
    Resident found = resident.get(key);
    return found == null ? null : found.group();
  }

  /** Asks for a model unless it is there, or was asked for already. */
  void request(String key, ModelInfo model) {
    boolean coming = loading != null && loading.key().equals(key);
    if (resident.containsKey(key) || coming || requested.containsKey(key)) {
      return;
    }
    request(key, model, /* again= */ false);
  }

  private void request(String key, ModelInfo model, boolean again) {
    try {
      long needed = modelLoader.bytes(model) + StepGroup.slotBytes(model, settings.slots());
      requested.put(key, new Requested(key, model, needed, again));
    } catch (RuntimeException e) {
      ended.add(failed(key, model, e));
    }
  }

  /** Begins the next load if there is room for it, or sees to it that there will be. */
  void advance(StepPolicy policy) {
    while (loading == null && !requested.isEmpty()) {
      Requested next = requested.values().iterator().next();
      if (policy.isEmpty(next.key())) {
        requested.remove(next.key()); // nobody waits any more
        continue;
      }
      if (!makeRoom(policy, next.bytes())) {
        return;
      }
      requested.remove(next.key());
      loading = next;
      bytes += next.bytes();
      loader.execute(() -> load(next));
    }
  }

  /** True if so many bytes more are within the limit, or there is nothing else on the device. */
  private boolean makeRoom(StepPolicy policy, long needed) {
    while (bytes + needed > settings.modelBytesMax() && !resident.isEmpty()) {
      if (!evictOne(policy)) {
        drainOldest(policy);
        return false;
      }
    }
    return true;
  }

  /** Closes the model that has been idle for longest. */
  boolean evictOne(StepPolicy policy) {
    for (Map.Entry<String, Resident> entry : resident.entrySet()) {
      String key = entry.getKey();
      if (policy.isEmpty(key) || (key.equals(leaving) && policy.isIdle(key))) {
        ModelInfo model = entry.getValue().model();
        boolean awaited = !policy.isEmpty(key);
        policy.close(key);
        discard(key);
        if (awaited) {
          request(key, model); // its jobs have their turn after those that it made room for
        }
        return true;
      }
    }
    return false;
  }

  private void drainOldest(StepPolicy policy) {
    if (leaving != null && resident.containsKey(leaving)) {
      return;
    }
    long now = settings.clock().getAsLong();
    String oldest = null;
    long since = Long.MAX_VALUE;
    for (Map.Entry<String, Resident> entry : resident.entrySet()) {
      if (entry.getValue().since() < since) {
        since = entry.getValue().since();
        oldest = entry.getKey();
      }
    }
    if (oldest != null && now - since >= STAY_NANOS) {
      leaving = oldest;
      policy.drain(oldest);
    }
  }

  /** On the loader's thread. */
  private void load(Requested next) {
    Loaded end;
    try {
      boolean ignored = quiet.getAsBoolean(); // from here on
      SamplingNetwork network = modelLoader.load(next.model());
      StepGroup group = new StepGroup(next.model(), network, settings.slots());
      try {
        end = new Loaded(next.key(), group, curve(next.model(), group), settings.slots(), null);
      } catch (RuntimeException | Error e) {
        group.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      end = failed(next.key(), next.model(), e);
    }
    ended.add(end);
    wake.run();
  }

  private BatchCurve curve(ModelInfo model, StepGroup group) {
    // Whatever the curve is, one pass shows that the device works.
    BatchCurve.timePass(group.slots(), group.paddingSlot(), 1, settings.clock());
    if (settings.pinned() > 0) {
      return BatchCurve.pinned(settings.pinned());
    }
    int largest = Math.min(settings.passMax(), settings.slots());
    return settings
        .curves()
        .forModel(model, group.slots(), group.paddingSlot(), largest, settings.clock(), quiet);
  }

  private Loaded failed(String key, ModelInfo model, Throwable e) {
    RuntimeException cause =
        e instanceof InvalidInputException
                || e instanceof TransientException
                || e instanceof DeviceException
                || e instanceof DeviceMemoryException
            ? (RuntimeException) e
            : new DeviceException("model " + model.reference() + " cannot be loaded: " + e, e);
    return new Loaded(key, null, BatchCurve.unmeasured(1), 0, cause);
  }

  /** The next load that has ended; null if none has. */
  @Nullable Loaded poll(StepPolicy policy) {
    Loaded end = ended.poll();
    if (end == null) {
      return null;
    }
    Requested was = loading != null && loading.key().equals(end.key()) ? loading : null;
    if (was != null) {
      loading = null;
    }
    if (end.group() != null && was != null) {
      resident.put(
          end.key(),
          new Resident(was.model(), end.group(), was.bytes(), settings.clock().getAsLong()));
      curves.put(end.key(), end.curve());
      return end;
    }
    bytes -= was == null ? 0 : was.bytes();
    if (end.failure() instanceof DeviceMemoryException e) {
      if (was != null && !was.again() && evictOne(policy)) {
        while (evictOne(policy)) {
          LOG.log(System.Logger.Level.DEBUG, "made room on the device");
        }
        request(was.key(), was.model(), /* again= */ true);
        return poll(policy);
      }
      DeviceException cause = new DeviceException("no memory on the device for its model", e);
      return new Loaded(end.key(), null, end.curve(), 0, cause);
    }
    return end;
  }

  /** Closes a group; after a failure of the device even this may fail. */
  void discard(String key) {
    Resident gone = resident.remove(key);
    curves.remove(key);
    if (key.equals(leaving)) {
      leaving = null;
    }
    if (gone == null) {
      return;
    }
    bytes -= gone.bytes();
    try {
      gone.group().close();
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "a network could not be closed", e);
    }
  }

  /** Weights and slots on the device or on their way there. Safe for use by many threads. */
  long bytes() {
    return bytes;
  }

  /** By group. Safe for use by many threads. */
  Map<String, BatchCurve> curves() {
    return Map.copyOf(curves);
  }

  /** Waits for a load under way, then closes all. */
  @Override
  public void close() {
    loader.shutdown();
    try {
      if (!loader.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.log(System.Logger.Level.WARNING, "a model is still being loaded");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (Loaded end = ended.poll(); end != null; end = ended.poll()) {
      if (end.group() != null) {
        end.group().close();
      }
    }
    for (Iterator<String> keys = java.util.List.copyOf(resident.keySet()).iterator();
        keys.hasNext(); ) {
      discard(keys.next());
    }
  }
}
