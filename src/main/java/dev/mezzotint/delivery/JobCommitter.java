package dev.mezzotint.delivery;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;

/**
 * Commits the end of a job: writes the manifest, then a dead letter if the job failed, then
 * publishes the event.
 */
public final class JobCommitter {
  private static final System.Logger LOG = System.getLogger(JobCommitter.class.getName());

  private final ObjectStore store;

  public JobCommitter(ObjectStore store) {
    this.store = store;
  }

  /**
   * Commits this manifest, or publishes the one that another worker has committed first.
   *
   * @throws InvalidInputException if the stored object is not a manifest
   */
  public void commit(LeasedDelivery held, Manifest manifest) throws InterruptedException {
    String id = manifest.id().value();
    String key = Keys.manifest(id);
    byte[] bytes = manifest.toJson();
    byte[] stored =
        held.withRetry(() -> FirstWrite.createOrRead(store, key, bytes, ContentType.JSON));
    if (stored == bytes) {
      held.observer().jobEnded(manifest.state());
      log(manifest);
    }
    publish(held, id, stored);
  }

  /** Logs the outcome for operators; the event informs the client. */
  private static void log(Manifest manifest) {
    boolean failed = manifest.state() == JobEvent.Type.FAILED;
    LOG.log(
        failed ? System.Logger.Level.INFO : System.Logger.Level.DEBUG,
        "Job {0} {1}{2}",
        manifest.id(),
        manifest.state().wireName(),
        failed ? ": " + manifest.cause() : "");
  }

  /**
   * Publishes the event of a stored manifest, and the dead letter of a failed job.
   *
   * @throws InvalidInputException if the bytes are not a manifest
   */
  void publish(LeasedDelivery held, String id, byte[] manifest) throws InterruptedException {
    JobEvent end = JobEvents.end(manifest);
    if (end.type() == JobEvent.Type.FAILED) {
      String field = String.valueOf(end.data().getOrDefault("field", ""));
      held.deadLetter(id, end.attempt(), field, String.valueOf(end.data().get("cause")));
    }
    held.publish(end);
  }
}
