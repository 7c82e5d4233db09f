package dev.mezzotint.training.checkpoint;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import dev.mezzotint.training.checkpoint.CheckpointPointer.StoredCheckpoint;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * An attempt's exclusive right to write the checkpoints of a training job.
 *
 * <ul>
 *   <li><b>Fence.</b> An attempt acquires the lease by writing its run into the {@link
 *       CheckpointPointer}, and writes the pointer only with {@code If-Match}. An attempt that was
 *       overtaken can no longer replace it and learns from the failed write that it is fenced.
 *   <li><b>Publishing.</b> A checkpoint is uploaded under a key of its own, then the pointer is
 *       moved to it, then checkpoints that the pointer no longer names are deleted. A crash in
 *       between leaves an object that nothing refers to, which a later attempt or the clean-up
 *       removes.
 *   <li><b>Heartbeat.</b> The holder writes the pointer at regular intervals. An attempt that holds
 *       another record of the same job (a duplicate, or a continuation whose predecessor was not
 *       acknowledged in time) watches the pointer: two heartbeats mean that the job is running and
 *       this other record is not needed; none for the lease's duration means that the job is free.
 *       Clocks of different machines are never compared.
 * </ul>
 *
 * <p>{@link #fenced} and {@link #check} are safe for many threads, all else is for one.
 */
public final class CheckpointLease implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CheckpointLease.class.getName());
  private static final int RACES_MAX = 50;

  /** A single heartbeat could be the delayed write of a paused worker. */
  private static final int HEARTBEATS_OF_LIVE_HOLDER = 2;

  private final ObjectStore store;
  private final String id;
  private final String pointerKey;
  private final AttemptContext attempt;
  private final CountDownLatch closed = new CountDownLatch(1);
  private CheckpointPointer pointer;
  private String etag;
  private volatile boolean fenced;

  private CheckpointLease(
      ObjectStore store,
      String id,
      AttemptContext attempt,
      CheckpointPointer pointer,
      String etag) {
    this.store = store;
    this.id = id;
    this.pointerKey = Keys.latestCheckpoint(id);
    this.attempt = attempt;
    this.pointer = pointer;
    this.etag = etag;
  }

  /**
   * Acquires the lease, waiting while its holder may be alive, and starts the heartbeat.
   *
   * @return empty if another attempt is running the job
   * @throws AttemptStoppedException if {@code attempt} is to end
   */
  public static Optional<CheckpointLease> acquire(
      ObjectStore store,
      String id,
      AttemptContext attempt,
      LeaseTiming timing,
      String worker,
      String device)
      throws InterruptedException {
    String key = Keys.latestCheckpoint(id);
    for (int race = 0; race < RACES_MAX; race++) {
      Optional<StoredObject> current = attempt.withRetry(() -> store.get(key));
      CheckpointPointer before =
          current.isPresent() ? parse(key, current.get()) : CheckpointPointer.NONE;
      boolean mine = before.run().equals(attempt.run()); // our own write, whose response was lost
      boolean free = before.run().isEmpty() || before.position().equals(attempt.position());
      if (!mine && !free) {
        Optional<Boolean> alive =
            isHolderAlive(store, key, current.orElseThrow().etag(), attempt, timing);
        if (alive.isEmpty()) {
          continue; // released or acquired by another attempt meanwhile
        }
        if (alive.get()) {
          return Optional.empty();
        }
      }
      CheckpointPointer next = before.heldBy(attempt.run(), attempt.position(), worker, device);
      byte[] bytes = next.toJson();
      Optional<String> etag =
          attempt.withRetry(
              () ->
                  current.isPresent()
                      ? store.replace(key, bytes, ContentType.JSON, current.get().etag())
                      : store.create(key, bytes, ContentType.JSON));
      if (etag.isPresent()) {
        CheckpointLease lease = new CheckpointLease(store, id, attempt, next, etag.get());
        lease.startHeartbeat(timing);
        if (!before.device().isEmpty() && !before.device().equals(device)) {
          LOG.log(
              Level.WARNING,
              "{0} continues on {1} after {2}: results may differ in the last bits",
              new JobId(id),
              device,
              before.device());
        }
        return Optional.of(lease);
      }
    }
    throw new StorageException(key + " is being written by too many attempts at once");
  }

  /** Watches the holder for at most the lease's duration; empty if the holder changes meanwhile. */
  private static Optional<Boolean> isHolderAlive(
      ObjectStore store, String key, String etag, AttemptContext attempt, LeaseTiming timing)
      throws InterruptedException {
    String last = etag;
    int heartbeats = 0;
    long since = System.nanoTime();
    String run = "";
    while (System.nanoTime() - since < timing.duration().toNanos()) {
      attempt.check();
      Thread.sleep(Math.max(1, timing.heartbeatInterval().toMillis() / 4));
      Optional<StoredObject> now = attempt.withRetry(() -> store.get(key));
      if (now.isEmpty()) {
        return Optional.empty();
      }
      CheckpointPointer pointer = parse(key, now.get());
      if (pointer.run().isEmpty() || (!run.isEmpty() && !pointer.run().equals(run))) {
        return Optional.empty();
      }
      run = pointer.run();
      if (!now.get().etag().equals(last)) {
        last = now.get().etag();
        since = System.nanoTime();
        if (++heartbeats == HEARTBEATS_OF_LIVE_HOLDER) {
          return Optional.of(true);
        }
      }
    }
    return Optional.of(false);
  }

  private static CheckpointPointer parse(String key, StoredObject object) {
    try {
      return CheckpointPointer.parse(object.bytes());
    } catch (InvalidInputException e) {
      throw new InvalidInputException("id", key + " is unreadable: " + e.getMessage(), e);
    }
  }

  /** The job's state as last written by this attempt. */
  public synchronized CheckpointPointer pointer() {
    return pointer;
  }

  /** True once another attempt holds the lease, or this one has released it. */
  public boolean fenced() {
    return fenced;
  }

  /**
   * @throws AttemptStoppedException if fenced
   */
  public void check() {
    if (fenced) {
      throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
    }
  }

  // Heartbeat.

  private void startHeartbeat(LeaseTiming timing) {
    long millis = timing.heartbeatInterval().toMillis();
    Thread thread = new Thread(() -> sendHeartbeats(millis), "training-heartbeat");
    thread.setDaemon(true);
    thread.start();
  }

  private void sendHeartbeats(long intervalMillis) {
    try {
      while (!closed.await(intervalMillis, TimeUnit.MILLISECONDS)) {
        if (fenced || attempt.fenced()) {
          return;
        }
        try {
          changePointer(CheckpointPointer::nextHeartbeat);
        } catch (AttemptStoppedException e) {
          return;
        } catch (TransientException e) {
          LOG.log(Level.DEBUG, "{0}: heartbeat failed: {1}", new JobId(id), e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // Fence.

  /**
   * Confirms by a heartbeat that this attempt still holds the lease.
   *
   * @throws AttemptStoppedException if it does not
   */
  public void assertHeld() throws InterruptedException {
    update(CheckpointPointer::nextHeartbeat);
  }

  /** Records what the job's first segment starts from, for all later ones. */
  public void pinOrigin(String data, String from) throws InterruptedException {
    update(now -> now.withOrigin(data, from));
  }

  /** Drops the checkpoints after this one, which are unreadable. */
  public void fallBackTo(StoredCheckpoint checkpoint) throws InterruptedException {
    update(
        now ->
            now.withCheckpoints(
                now.checkpoints().stream()
                    .filter(c -> c.iteration() <= checkpoint.iteration())
                    .toList()));
  }

  private void update(UnaryOperator<CheckpointPointer> change) throws InterruptedException {
    attempt.withRetry(() -> changePointer(change));
  }

  /**
   * Replaces the pointer by one conditional write. The change is applied under the lock: one that
   * was computed before another thread's write, such as a checkpoint's, would undo it.
   *
   * @throws AttemptStoppedException if another attempt has written it
   * @throws TransientException if the store is unavailable
   */
  private synchronized void changePointer(UnaryOperator<CheckpointPointer> change) {
    if (fenced || attempt.fenced()) {
      throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
    }
    CheckpointPointer next = change.apply(pointer);
    Optional<String> written = store.replace(pointerKey, next.toJson(), ContentType.JSON, etag);
    if (written.isPresent()) {
      pointer = next;
      etag = written.get();
      return;
    }
    Optional<StoredObject> current = store.get(pointerKey);
    if (current.isPresent()) {
      CheckpointPointer other = parse(pointerKey, current.get());
      if (other.run().equals(attempt.run())) {
        // Our own earlier write, whose response was lost. Adopt its ETag and try again.
        etag = current.get().etag();
        if (other.equals(next)) {
          pointer = next;
          return;
        }
        throw new StorageException(pointerKey + " was written without a response; try again");
      }
    }
    fenced = true;
    throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
  }

  /** Releases the lease, so that the next attempt need not wait for it to expire. Best effort. */
  public void release() {
    try {
      changePointer(CheckpointPointer::released);
      fenced = true;
    } catch (AttemptStoppedException | TransientException e) {
      LOG.log(Level.DEBUG, "{0}: lease not released: {1}", new JobId(id), e);
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }

  // Publishing.

  /**
   * Uploads a checkpoint, moves the pointer to it, and deletes checkpoints that are no longer
   * retained.
   *
   * @param file the checkpoint
   * @param log of the losses up to it
   * @throws AttemptStoppedException if fenced
   */
  public void publish(long iteration, Path file, byte[] log, int keepLast, long keepEvery)
      throws InterruptedException {
    FileDigest digest = FileDigest.of(file);
    StoredCheckpoint checkpoint =
        new StoredCheckpoint(
            iteration,
            Keys.checkpoint(id, iteration, attempt.run()),
            Keys.checkpointLog(id, iteration, attempt.run()),
            digest.bytes(),
            digest.sha256());
    attempt.withRetry(() -> store.upload(checkpoint.key(), file, ContentType.BINARY));
    attempt.withRetry(() -> store.put(checkpoint.log(), log, "text/csv"));
    List<StoredCheckpoint> before = pointer().checkpoints();
    List<StoredCheckpoint> all = new ArrayList<>(before);
    all.removeIf(c -> c.iteration() >= iteration);
    all.add(checkpoint);
    List<StoredCheckpoint> retained = retained(all, keepLast, keepEvery);
    try {
      update(now -> now.withCheckpoints(retained));
    } catch (AttemptStoppedException e) {
      deleteUnlessReferenced(checkpoint);
      throw e;
    }
    before.stream().filter(c -> !retained.contains(c)).forEach(this::delete);
  }

  /** The pointer may refer to it: a write may have succeeded although its response was lost. */
  private void deleteUnlessReferenced(StoredCheckpoint checkpoint) {
    try {
      Optional<StoredObject> current = store.get(pointerKey);
      if (current.isEmpty()
          || !CheckpointPointer.referencedKeys(current.get().bytes()).contains(checkpoint.key())) {
        delete(checkpoint);
      }
    } catch (TransientException e) {
      LOG.log(Level.DEBUG, "{0} is left to the clean-up: {1}", checkpoint.key(), e);
    }
  }

  static List<StoredCheckpoint> retained(List<StoredCheckpoint> all, int keepLast, long keepEvery) {
    List<StoredCheckpoint> retained = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      boolean milestone = keepEvery > 0 && all.get(i).iteration() % keepEvery == 0;
      if (milestone || i >= all.size() - keepLast) {
        retained.add(all.get(i));
      }
    }
    return retained;
  }

  private void delete(StoredCheckpoint checkpoint) {
    try {
      store.delete(checkpoint.key());
      store.delete(checkpoint.log());
    } catch (TransientException e) {
      LOG.log(Level.DEBUG, "{0} is left to the clean-up: {1}", checkpoint.key(), e);
    }
  }

  /**
   * Deletes uploads of attempts that died before they moved the pointer. Uploads newer than the
   * current checkpoint are left alone: they may be a successor's, should this attempt be overtaken
   * meanwhile.
   */
  public void removeStrays() {
    CheckpointPointer now = pointer();
    Set<String> referenced = new HashSet<>(CheckpointPointer.referencedKeys(now.toJson()));
    referenced.add(pointerKey);
    try {
      for (String key : store.list(Keys.checkpoints(id))) {
        if (iterationOf(key) <= now.iteration() && !referenced.contains(key)) {
          store.delete(key);
        }
      }
    } catch (TransientException e) {
      LOG.log(Level.DEBUG, "strays of {0} are left to the clean-up: {1}", new JobId(id), e);
    }
  }

  private long iterationOf(String key) {
    String name = key.substring(Keys.checkpoints(id).length());
    int dash = name.indexOf('-');
    return dash > 0 && name.substring(0, dash).matches("[0-9]{1,18}")
        ? Long.parseLong(name.substring(0, dash))
        : Long.MAX_VALUE;
  }
}
