package dev.mezzotint.delivery;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;

/**
 * The end of a job, whoever brings it about: manifest, then dead letter if it failed, then event.
 */
public final class JobCommitter {
  private static final System.Logger LOG = System.getLogger(JobCommitter.class.getName());

  private final ObjectStore store;

  public JobCommitter(ObjectStore store) {
    this.store = store;
  }

  /**
   * The first manifest that stands is the job's end, whoever wrote it.
   *
   * @throws InvalidInputException if what stands is no manifest
   */
  public void commit(LeasedDelivery held, Manifest manifest) throws InterruptedException {
    String id = manifest.id().value();
    String key = Keys.manifest(id);
    byte[] bytes = manifest.toJson();
    byte[] standing =
        held.withRetry(() -> FirstWrite.standing(store, key, bytes, ContentType.JSON));
    if (standing == bytes) {
      held.visit().ended(manifest.state());
      publish(manifest);
    }
    publish(held, id, standing);
  }

  /** A line for whoever runs the worker: the event is for whoever sent the request. */
  private static void publish(Manifest manifest) {
    boolean failed = manifest.state() == JobEvent.Type.FAILED;
    LOG.log(
        failed ? System.Logger.Level.INFO : System.Logger.Level.DEBUG,
        "Job {0} {1}{2}",
        manifest.id(),
        manifest.state().wireName(),
        failed ? ": " + manifest.cause() : "");
  }

  /**
   * Everything that follows from a manifest, for the first time or again.
   *
   * @throws InvalidInputException if it is none
   */
  void publish(LeasedDelivery held, String id, byte[] standing) throws InterruptedException {
    JobEvent end = JobEvents.end(standing);
    if (end.type() == JobEvent.Type.FAILED) {
      String field = String.valueOf(end.data().getOrDefault("field", ""));
      held.deadLetter(id, end.attempt(), field, String.valueOf(end.data().get("cause")));
    }
    held.publish(end);
  }
}
