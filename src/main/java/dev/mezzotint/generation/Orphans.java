package dev.mezzotint.generation;

import dev.mezzotint.job.OrphanSweep;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Pictures of attempts that came to nothing. A job that failed, expired or was called off may leave
 * some behind, which its manifest does not list.
 *
 * <p>Only a job whose manifest stands is swept: what a live attempt writes is never an orphan. And
 * it is swept long after its end, when no attempt that has not heard of it can still be writing.
 * Safe for use by many threads.
 */
public final class Orphans implements OrphanSweep {
  private static final System.Logger LOG = System.getLogger(Orphans.class.getName());

  private final ObjectStore store;

  public Orphans(ObjectStore store) {
    this.store = store;
  }

  @Override
  public int sweep(String jobId) {
    Optional<StoredObject> standing = store.get(Keys.manifest(jobId));
    if (standing.isEmpty()) {
      return 0;
    }
    Manifest manifest;
    try {
      manifest = Manifest.parse(standing.get().bytes());
    } catch (InvalidInputException e) {
      LOG.log(System.Logger.Level.WARNING, "{0} is left alone: {1}", jobId, e.getMessage());
      return 0;
    }
    Set<String> listed = new HashSet<>();
    manifest.images().forEach(image -> listed.add(image.key()));
    manifest.grid().ifPresent(grid -> listed.add(grid.key()));
    int removed = 0;
    for (String key : store.list(Keys.job(jobId))) {
      boolean picture = key.startsWith(Keys.images(jobId)) || key.equals(Keys.grid(jobId));
      if (picture && !listed.contains(key)) {
        store.delete(key);
        removed++;
      }
    }
    return removed;
  }
}
