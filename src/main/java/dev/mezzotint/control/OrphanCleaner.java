package dev.mezzotint.control;

import dev.mezzotint.delivery.JobResult;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Pictures of attempts that came to nothing, and checkpoints of jobs that are over. A job that
 * failed, expired or was called off may leave some behind, which its manifest does not list; what
 * failed keeps its last checkpoint.
 *
 * <p>Only a job whose manifest stands is swept: what a live attempt writes is never an orphan. And
 * it is swept long after its end, when no attempt that has not heard of it can still be writing.
 * Safe for use by many threads.
 */
public final class OrphanCleaner implements OrphanRemover {
  private static final System.Logger LOG = System.getLogger(OrphanCleaner.class.getName());

  private final ObjectStore store;
  private final Function<byte[], Set<String>> checkpoints;

  /**
   * @param checkpoints keys that a training job's pointer names
   */
  public OrphanCleaner(ObjectStore store, Function<byte[], Set<String>> checkpoints) {
    this.checkpoints = checkpoints;
    this.store = store;
  }

  @Override
  public int clean(String jobId) {
    Optional<StoredObject> standing = store.get(Keys.manifest(jobId));
    if (standing.isEmpty()) {
      return 0;
    }
    Manifest manifest;
    try {
      manifest = Manifest.parse(standing.get().bytes());
    } catch (InvalidInputException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "Job {0} is left alone: {1}",
          new JobId(jobId),
          e.getMessage());
      return 0;
    }
    Set<String> listed = new HashSet<>(manifest.result().map(JobResult::keys).orElse(Set.of()));
    if (manifest.state() == JobEvent.Type.FAILED) {
      listed.addAll(lastCheckpoints(jobId));
    }
    int removed = 0;
    for (String key : store.list(Keys.job(jobId))) {
      boolean swept =
          key.startsWith(Keys.images(jobId))
              || key.equals(Keys.grid(jobId))
              || key.equals(Keys.sheet(jobId))
              || key.equals(Keys.clip(jobId))
              || key.startsWith(Keys.checkpoints(jobId));
      if (swept && !listed.contains(key)) {
        store.delete(key);
        removed++;
      }
    }
    return removed;
  }

  /** What failed may be looked into, and its state used in another job. */
  private Set<String> lastCheckpoints(String jobId) {
    String key = Keys.latestCheckpoint(jobId);
    Optional<StoredObject> pointer = store.get(key);
    if (pointer.isEmpty()) {
      return Set.of();
    }
    Set<String> kept = new HashSet<>(checkpoints.apply(pointer.get().bytes()));
    kept.add(key);
    return kept;
  }
}
