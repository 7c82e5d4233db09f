package dev.mezzotint.training;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StoredObject;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Pairs of a model's own making among the checkpoints of a job, so that a worker that is lost does
 * not take them along. What was written first under a key stands: an attempt that was overtaken
 * does no harm. They go with the job's checkpoints when it is over.
 *
 * <p>For one thread.
 */
final class StoredPairs implements ReflowPairs.PartStore {
  private static final System.Logger LOG = System.getLogger(StoredPairs.class.getName());

  private final ObjectStore store;
  private final AttemptContext watch;
  private final String id;
  private final String origin;

  /**
   * @param origin what the pairs depend on beside the job's recipe; others have keys of their own
   */
  StoredPairs(ObjectStore store, AttemptContext watch, String id, String origin) {
    this.store = store;
    this.watch = watch;
    this.id = id;
    this.origin = Sha256.sha256(origin.getBytes(StandardCharsets.UTF_8)).substring(0, 12);
  }

  private String key(int part) {
    return Keys.pairs(id, origin, part);
  }

  @Override
  public Optional<byte[]> kept(int part, int bytes) {
    String key = key(part);
    Optional<byte[]> standing = patiently(() -> store.get(key)).map(StoredObject::bytes);
    if (standing.isPresent() && standing.get().length != bytes) {
      LOG.log(System.Logger.Level.ERROR, "{0} has changed, and is made anew", key);
      return patiently(
          () -> {
            store.delete(key);
            return Optional.empty();
          });
    }
    return standing;
  }

  @Override
  public byte[] keep(int part, byte[] x1) {
    byte[] standing =
        patiently(() -> FirstWrite.standing(store, key(part), x1, ContentType.BINARY));
    watch.advanced();
    return standing;
  }

  private <T> T patiently(Supplier<T> work) {
    try {
      return watch.withRetry(work);
    } catch (InterruptedException e) {
      throw new SegmentMonitor.Interrupted(e);
    }
  }
}
