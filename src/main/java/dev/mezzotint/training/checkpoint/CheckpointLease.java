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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The checkpoints of a training job as one attempt sees them: fence and pointer.
 *
 * <ol>
 *   <li>An attempt begins by writing its run into the pointer ({@code If-Match}). From then on an
 *       earlier attempt cannot move the pointer, and finds out that it is over.
 *   <li>A checkpoint is uploaded under a key of its own, then the pointer is moved to it; then
 *       those that it no longer names are removed. Dying in between costs an object that nobody
 *       names, which a later attempt or the sweep removes.
 *   <li>The holder shows at every beat that it lives. Whoever has another record of the same job (a
 *       duplicate, or a copy whose first was not accepted in time) watches: two beats say that the
 *       job is in good hands and that other record is not needed; none for a whole lease says that
 *       the job is free. Nothing is decided by comparing clocks.
 * </ol>
 *
 * <p>{@link #fenced} and the beat are safe for many threads; all else is for one.
 */
public final class CheckpointLease implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CheckpointLease.class.getName());
  private static final int RACES_MAX = 50;

  /** One could be the last write of somebody who was stopped in it long ago. */
  private static final int BEATS_THAT_PROVE = 2;

  private final ObjectStore store;
  private final String id;
  private final AttemptContext watch;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread beating;
  private CheckpointPointer pointer;
  private String etag;
  private volatile boolean fenced;

  private CheckpointLease(
      ObjectStore store,
      String id,
      AttemptContext watch,
      LeaseTiming pace,
      CheckpointPointer pointer,
      String etag) {
    this.store = store;
    this.id = id;
    this.watch = watch;
    this.pointer = pointer;
    this.etag = etag;
    this.beating = new Thread(() -> beat(pace.heartbeatInterval().toMillis()), "training-beat");
    this.beating.setDaemon(true);
  }

  /**
   * Makes it this attempt's turn.
   *
   * @return empty if another record of the job is being worked on
   * @throws AttemptStoppedException as {@code watch} says
   */
  public static Optional<CheckpointLease> acquire(
      ObjectStore store,
      String id,
      AttemptContext watch,
      LeaseTiming pace,
      String worker,
      String device)
      throws InterruptedException {
    String key = Keys.latestCheckpoint(id);
    for (int race = 0; race < RACES_MAX; race++) {
      Optional<StoredObject> standing = watch.withRetry(() -> store.get(key));
      CheckpointPointer before =
          standing.isPresent()
              ? parse(key, standing.get())
              : new CheckpointPointer("", "", "", "", 0, "", "", List.of());
      boolean mine = before.run().equals(watch.run()); // a write whose answer was lost
      boolean free = before.run().isEmpty() || before.position().equals(watch.position());
      if (!mine && !free) {
        Optional<Boolean> lives = lives(store, key, standing.orElseThrow().etag(), watch, pace);
        if (lives.isEmpty()) {
          continue; // it was handed over meanwhile
        }
        if (lives.get()) {
          return Optional.empty();
        }
      }
      CheckpointPointer next = before.heldBy(watch.run(), watch.position(), worker, device);
      byte[] bytes = next.toJson();
      Optional<String> etag =
          watch.withRetry(
              () ->
                  standing.isPresent()
                      ? store.replace(key, bytes, ContentType.JSON, standing.get().etag())
                      : store.create(key, bytes, ContentType.JSON));
      if (etag.isPresent()) {
        CheckpointLease held = new CheckpointLease(store, id, watch, pace, next, etag.get());
        held.beating.start();
        if (!before.device().isEmpty() && !before.device().equals(device)) {
          LOG.log(
              System.Logger.Level.WARNING,
              "Training {0} goes on on {1} after {2}: last bits may differ",
              id,
              device,
              before.device());
        }
        return Optional.of(held);
      }
    }
    throw new StorageException(key + " is being written by too many at once");
  }

  /** True or false once it is known; empty if the pointer says that it is somebody else's turn. */
  private static Optional<Boolean> lives(
      ObjectStore store, String key, String etag, AttemptContext watch, LeaseTiming pace)
      throws InterruptedException {
    String last = etag;
    int beats = 0;
    long since = System.nanoTime();
    String run = "";
    while (System.nanoTime() - since < pace.duration().toNanos()) {
      watch.check();
      Thread.sleep(Math.max(1, pace.heartbeatInterval().toMillis() / 4));
      Optional<StoredObject> now = watch.withRetry(() -> store.get(key));
      if (now.isEmpty()) {
        return Optional.empty();
      }
      CheckpointPointer pointer = parse(key, now.get());
      boolean changed = !now.get().etag().equals(last);
      if (pointer.run().isEmpty() || (!run.isEmpty() && !pointer.run().equals(run))) {
        return Optional.empty();
      }
      run = pointer.run();
      if (changed) {
        last = now.get().etag();
        since = System.nanoTime();
        if (++beats == BEATS_THAT_PROVE) {
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

  /** Where the job stands. */
  public synchronized CheckpointPointer pointer() {
    return pointer;
  }

  /** True once another attempt has its turn. */
  public boolean fenced() {
    return fenced;
  }

  private void beat(long millis) {
    try {
      while (!closed.await(millis, TimeUnit.MILLISECONDS)) {
        if (fenced || watch.fenced()) {
          return;
        }
        try {
          move(pointer().nextHeartbeat());
        } catch (AttemptStoppedException e) {
          return;
        } catch (TransientException e) {
          LOG.log(System.Logger.Level.DEBUG, "no beat of {0}: {1}", new JobId(id), e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Shows that the turn still is this attempt's.
   *
   * @throws AttemptStoppedException if it is not
   */
  public void assertHeld() throws InterruptedException {
    watch.withRetry(
        () -> {
          move(pointer().nextHeartbeat());
          return true;
        });
  }

  /** What the first segment began from, for all later ones. */
  public void pinOrigin(String data, String from) throws InterruptedException {
    watch.withRetry(
        () -> {
          move(pointer().withOrigin(data, from));
          return true;
        });
  }

  /**
   * One conditional write of the pointer.
   *
   * @throws AttemptStoppedException if another attempt has written it
   * @throws TransientException if the store is away
   */
  private synchronized void move(CheckpointPointer next) {
    if (fenced || watch.fenced()) {
      throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
    }
    String key = Keys.latestCheckpoint(id);
    byte[] bytes = next.toJson();
    Optional<String> written = store.replace(key, bytes, ContentType.JSON, etag);
    if (written.isPresent()) {
      pointer = next;
      etag = written.get();
      return;
    }
    Optional<StoredObject> standing = store.get(key);
    if (standing.isPresent()) {
      CheckpointPointer other = parse(key, standing.get());
      if (other.run().equals(watch.run())) {
        // Our own earlier write, whose answer was lost: seen now, and this one is tried again.
        etag = standing.get().etag();
        if (other.equals(next)) {
          pointer = next;
          return;
        }
        throw new StorageException(key + " was written before, and is to be written once more");
      }
    }
    fenced = true;
    throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
  }

  /**
   * Keeps a checkpoint: uploads it, moves the pointer, removes what is no longer kept.
   *
   * @param file the checkpoint
   * @param log the losses up to it
   * @throws AttemptStoppedException if another attempt has its turn
   */
  public void publish(long iteration, Path file, byte[] log, int keepLast, long keepEvery)
      throws InterruptedException {
    FileDigest digest = FileDigest.of(file);
    StoredCheckpoint kept =
        new StoredCheckpoint(
            iteration,
            Keys.checkpoint(id, iteration, watch.run()),
            Keys.checkpointLog(id, iteration, watch.run()),
            digest.bytes(),
            digest.sha256());
    watch.withRetry(
        () -> {
          store.upload(kept.key(), file, ContentType.BINARY);
          return kept;
        });
    watch.withRetry(() -> store.put(kept.log(), log, "text/csv"));
    List<StoredCheckpoint> before = pointer().checkpoints();
    List<StoredCheckpoint> all = new ArrayList<>(before);
    all.removeIf(k -> k.iteration() >= iteration);
    all.add(kept);
    List<StoredCheckpoint> remaining = retained(all, keepLast, keepEvery);
    try {
      watch.withRetry(
          () -> {
            move(pointer().withCheckpoints(remaining));
            return kept;
          });
    } catch (AttemptStoppedException e) {
      removeUnlessNamed(kept);
      throw e;
    }
    before.stream().filter(k -> !remaining.contains(k)).forEach(this::remove);
  }

  /**
   * What was uploaded in vain; it was not if the pointer's move stood and only its answer got lost.
   */
  private void removeUnlessNamed(StoredCheckpoint kept) {
    try {
      Optional<StoredObject> standing = store.get(Keys.latestCheckpoint(id));
      if (standing.isEmpty()
          || !CheckpointPointer.referencedKeys(standing.get().bytes()).contains(kept.key())) {
        remove(kept);
      }
    } catch (TransientException e) {
      LOG.log(System.Logger.Level.DEBUG, "{0} stays for the sweep: {1}", kept.key(), e);
    }
  }

  /** Forgets the checkpoints after this one, which cannot be read any more. */
  public void fallBackTo(StoredCheckpoint kept) throws InterruptedException {
    watch.withRetry(
        () -> {
          CheckpointPointer now = pointer();
          move(
              now.withCheckpoints(
                  now.checkpoints().stream()
                      .filter(k -> k.iteration() <= kept.iteration())
                      .toList()));
          return kept;
        });
  }

  static List<StoredCheckpoint> retained(List<StoredCheckpoint> all, int keepLast, long keepEvery) {
    List<StoredCheckpoint> remaining = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      boolean milestone = keepEvery > 0 && all.get(i).iteration() % keepEvery == 0;
      if (milestone || i >= all.size() - keepLast) {
        remaining.add(all.get(i));
      }
    }
    return remaining;
  }

  private void remove(StoredCheckpoint kept) {
    try {
      store.delete(kept.key());
      store.delete(kept.log());
    } catch (TransientException e) {
      LOG.log(System.Logger.Level.DEBUG, "{0} stays for the sweep: {1}", kept.key(), e);
    }
  }

  /**
   * Removes what attempts have uploaded that died before they moved the pointer. Only what is not
   * newer than the checkpoint that counts: were this attempt overtaken while it looks, everything
   * that its successor adds is newer.
   */
  public void removeStrays() {
    CheckpointPointer now = pointer();
    Set<String> named = new HashSet<>(CheckpointPointer.referencedKeys(now.toJson()));
    named.add(Keys.latestCheckpoint(id));
    try {
      for (String key : store.list(Keys.checkpoints(id))) {
        if (number(key) <= now.iteration() && !named.contains(key)) {
          store.delete(key);
        }
      }
    } catch (TransientException e) {
      LOG.log(System.Logger.Level.DEBUG, "strays of {0} stay for the sweep: {1}", id, e);
    }
  }

  private long number(String key) {
    String name = key.substring(Keys.checkpoints(id).length());
    int dash = name.indexOf('-');
    return dash > 0 && name.substring(0, dash).matches("[0-9]{1,18}")
        ? Long.parseLong(name.substring(0, dash))
        : Long.MAX_VALUE;
  }

  /** Says that the turn is over: the next attempt need not wait for the lease. Best effort. */
  public void release() {
    try {
      move(pointer().released());
      fenced = true;
    } catch (AttemptStoppedException | TransientException e) {
      LOG.log(System.Logger.Level.DEBUG, "{0} is not released: {1}", id, e);
    }
  }

  /** Ends the beat. */
  @Override
  public void close() {
    closed.countDown();
  }
}
