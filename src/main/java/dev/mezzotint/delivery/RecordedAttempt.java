package dev.mezzotint.delivery;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * One attempt, entered in the job record. What it notes there later is noted if the store is at
 * hand; where it is not, the attempt counts as one that died. For one thread.
 *
 * @param job the record as this attempt entered itself
 * @param etag under which it stood then
 */
record RecordedAttempt(
    LeasedDelivery held, JobRecord job, String etag, String run, JobKind.ExecutionPlan plan) {
  private static final System.Logger LOG = System.getLogger(RecordedAttempt.class.getName());
  private static final int RACES_MAX = 4;

  /** Ends in good order before the job does, so that it does not count against the job. */
  void handBack(ObjectStore store) {
    note(store, record -> record.handBack(run));
  }

  /** Has kept something that later attempts build on. */
  void advanced(ObjectStore store) {
    note(store, record -> record.advanced(run));
  }

  /** Ended by something of this worker alone. */
  void faulted(ObjectStore store, String fault) {
    note(store, record -> record.faulted(run, fault));
  }

  private void note(ObjectStore store, UnaryOperator<JobRecord> change) {
    if (held.delivery().fenced()) {
      return;
    }
    String key = Keys.jobRecord(job.id().value());
    try {
      JobRecord standing = job;
      String version = etag;
      for (int race = 0; race < RACES_MAX; race++) {
        byte[] bytes = change.apply(standing).toJson();
        if (store.replace(key, bytes, ContentType.JSON, version).isPresent()) {
          return;
        }
        Optional<StoredObject> newer = store.get(key); // of a duplicate, or our own earlier note
        if (newer.isEmpty()) {
          return;
        }
        standing = JobRecord.parse(newer.get().bytes());
        version = newer.get().etag();
      }
    } catch (TransientException | InvalidInputException e) {
      LOG.log(System.Logger.Level.WARNING, "attempt at {0} counts: {1}", job.id(), e);
    }
  }
}
