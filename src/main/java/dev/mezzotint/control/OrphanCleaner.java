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
 * Removes objects of ended jobs that their manifests do not list: images of unsuccessful attempts
 * and checkpoints. A failed job keeps its last checkpoint.
 *
 * <p>Only jobs with a manifest are cleaned, so nothing of a running attempt is removed; and only
 * long after the job's end, when no attempt can still be writing. Safe for use by many threads.
 */
public final class OrphanCleaner {
  private static final System.Logger LOG = System.getLogger(OrphanCleaner.class.getName());

  private final ObjectStore store;
  private final Function<byte[], Set<String>> checkpoints;

  /**
   * @param checkpoints returns the keys that a training job's checkpoint pointer refers to
   */
  public OrphanCleaner(ObjectStore store, Function<byte[], Set<String>> checkpoints) {
    this.checkpoints = checkpoints;
    this.store = store;
  }

  /**
   * Removes what the ended job's manifest does not list; nothing if the job has not ended.
   *
   * @return number of objects removed
   * @throws dev.mezzotint.job.TransientException if the store cannot be reached
   */
  public int clean(String jobId) {
    Optional<StoredObject> stored = store.get(Keys.manifest(jobId));
    if (stored.isEmpty()) {
      return 0;
    }
    Manifest manifest;
    try {
      manifest = Manifest.parse(stored.get().bytes());
    } catch (InvalidInputException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "The objects of job {0} are kept: {1}",
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
      boolean removable =
          key.startsWith(Keys.images(jobId))
              || key.equals(Keys.grid(jobId))
              || key.equals(Keys.sheet(jobId))
              || key.equals(Keys.clip(jobId))
              || key.startsWith(Keys.checkpoints(jobId));
      if (removable && !listed.contains(key)) {
        store.delete(key);
        removed++;
      }
    }
    return removed;
  }

  /** The checkpoint of a failed job may be inspected or used by another job. */
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
