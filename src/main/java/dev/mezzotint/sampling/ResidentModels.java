package dev.mezzotint.sampling;

import dev.mezzotint.job.DaemonThreads;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.SamplingNetwork;
import java.util.LinkedHashMap;
import java.util.List;
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
 * The models on the device: as many as fit the limit in bytes; the least recently used are evicted
 * to load another. Weights are loaded on a separate thread while the loop runs other models.
 *
 * <p>A model with running rows is never closed. If all are busy and another one is requested, the
 * one that was loaded first admits no new rows until it can be evicted.
 *
 * <p>Used by the loop's thread alone, except where a method says otherwise.
 */
final class ResidentModels implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ResidentModels.class.getName());

  /** Least time that a model stays loaded, so that models do not evict each other all the time. */
  private static final long STAY_NANOS = 2_000_000_000L;

  private final ModelLoader modelLoader;
  private final StepLoopSettings settings;
  private final Runnable wake;
  private final BooleanSupplier quiet;
  private final ExecutorService loader =
      Executors.newSingleThreadExecutor(new DaemonThreads("model-loader"));
  private final Queue<Loaded> ended = new ConcurrentLinkedQueue<>();
  private final Map<String, Requested> requested = new LinkedHashMap<>();
  private final Map<String, Resident> resident = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<String, BatchCurve> curves = new ConcurrentHashMap<>();
  private @Nullable Requested loading;
  private @Nullable String leaving;
  private volatile long bytes;

  private record Requested(String key, ModelInfo model, long bytes, boolean again) {}

  private record Resident(ModelInfo model, StepGroup group, long bytes, long since) {}

  /** Result of a load: group and curve, or a failure. */
  record Loaded(
      String key,
      @Nullable StepGroup group,
      BatchCurve curve,
      int slots,
      @Nullable RuntimeException failure) {}

  /**
   * @param wake called on the loading thread when a load has ended
   * @param quiet whether the device has run no pass since the last call; safe for use by any thread
   */
  ResidentModels(
      ModelLoader modelLoader, StepLoopSettings settings, Runnable wake, BooleanSupplier quiet) {
    this.modelLoader = modelLoader;
    this.settings = settings;
    this.wake = wake;
    this.quiet = quiet;
  }

  /** The group of a model, which counts as a use; null if it is not on the device. */
  @Nullable StepGroup use(String key) {
    Resident found = resident.get(key);
    return found == null ? null : found.group();
  }

  /** Requests a model unless it is loaded or requested already. */
  void request(String key, ModelInfo model) {
    boolean isLoading = loading != null && loading.key().equals(key);
    if (resident.containsKey(key) || isLoading || requested.containsKey(key)) {
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

  /** Starts the next load if there is room for it, or starts making room. */
  void advance(StepPolicy policy) {
    while (loading == null && !requested.isEmpty()) {
      Requested next = requested.values().iterator().next();
      if (policy.isEmpty(next.key())) {
        requested.remove(next.key()); // its jobs have left
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

  /** Evicts until the bytes fit the limit or the device is empty; false if all are busy. */
  private boolean makeRoom(StepPolicy policy, long needed) {
    while (bytes + needed > settings.modelBytesMax() && !resident.isEmpty()) {
      if (!evictOne(policy)) {
        drainOldest(policy);
        return false;
      }
    }
    return true;
  }

  /** Evicts the least recently used model without rows; false if there is none. */
  boolean evictOne(StepPolicy policy) {
    for (Map.Entry<String, Resident> entry : resident.entrySet()) {
      String key = entry.getKey();
      if (policy.isEmpty(key) || (key.equals(leaving) && policy.isIdle(key))) {
        ModelInfo model = entry.getValue().model();
        boolean awaited = !policy.isEmpty(key);
        policy.close(key);
        discard(key);
        if (awaited) {
          request(key, model); // its jobs run after those of the model it made room for
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

  /** Runs on the loading thread. */
  private void load(Requested next) {
    Loaded end;
    try {
      boolean ignored = quiet.getAsBoolean(); // resets it
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
    // One pass checks that the device works.
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

  /** The next result of a load; null if there is none. */
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
          LOG.log(System.Logger.Level.DEBUG, "evicted a model for lack of device memory");
        }
        request(was.key(), was.model(), /* again= */ true);
        return poll(policy);
      }
      DeviceException cause = new DeviceException("no memory on the device for its model", e);
      return new Loaded(end.key(), null, end.curve(), 0, cause);
    }
    return end;
  }

  /** Closes a group. Failures are logged, since the device may have failed. */
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

  /** Bytes of weights and slots, loaded or loading. Safe for use by many threads. */
  long bytes() {
    return bytes;
  }

  /** By group. Safe for use by many threads. */
  Map<String, BatchCurve> curves() {
    return Map.copyOf(curves);
  }

  /** Waits for a running load, then closes all models. */
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
    List.copyOf(resident.keySet()).forEach(this::discard);
  }
}
