package dev.mezzotint.training;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StoredObject;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Keeps a job's reflow pairs in the object store, next to its checkpoints, so that they survive the
 * loss of a worker. The first write of a part wins, so an attempt that was overtaken does no harm.
 * They are removed with the job's checkpoints when the job ends. For one thread.
 */
final class StoredPairs implements ReflowPairs.PartStore {
  private static final System.Logger LOG = System.getLogger(StoredPairs.class.getName());

  private final ObjectStore store;
  private final AttemptContext attempt;
  private final String id;
  private final String origin;

  /**
   * @param origin what the pairs depend on besides the job's recipe; part of their keys
   */
  StoredPairs(ObjectStore store, AttemptContext attempt, String id, String origin) {
    this.store = store;
    this.attempt = attempt;
    this.id = id;
    this.origin = Sha256.sha256(origin.getBytes(StandardCharsets.UTF_8)).substring(0, 12);
  }

  @Override
  public Optional<byte[]> load(int part, int bytes) throws InterruptedException {
    String key = Keys.pairs(id, origin, part);
    Optional<byte[]> found = attempt.withRetry(() -> store.get(key)).map(StoredObject::bytes);
    if (found.isPresent() && found.get().length != bytes) {
      LOG.log(Level.ERROR, "{0} is damaged and will be generated again", key);
      return attempt.withRetry(
          () -> {
            store.delete(key);
            return Optional.empty();
          });
    }
    return found;
  }

  @Override
  public byte[] save(int part, byte[] x1) throws InterruptedException {
    String key = Keys.pairs(id, origin, part);
    byte[] first =
        attempt.withRetry(() -> FirstWrite.createOrRead(store, key, x1, ContentType.BINARY));
    attempt.markAdvanced();
    return first;
  }
}
