package dev.mezzotint.http;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.JobBoard;
import dev.mezzotint.delivery.JobEvents;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.util.Optional;

/** Finds jobs that the board does not have (any more) in the object store. */
final class StoredJobs {
  private StoredJobs() {}

  /**
   * A job as the board has it, or else the store; empty if neither knows it.
   *
   * @throws TransientException if the store does not answer
   */
  static Optional<BoardJob> find(String id, HttpFront front) {
    return front.board().job(id).or(() -> find(id, front.store()));
  }

  /** As {@link #find(String, HttpFront)}; empty also if the store does not answer. */
  static Optional<BoardJob> findIfReachable(String id, HttpFront front) {
    try {
      return find(id, front);
    } catch (TransientException e) {
      return Optional.empty();
    }
  }

  /**
   * A job as the store has it: ended if it has a manifest, in progress if it has a record only.
   * Empty if the store does not know it, or what it has is unreadable.
   */
  static Optional<BoardJob> find(String id, ObjectStore store) {
    try {
      Optional<StoredObject> record = store.get(Keys.jobRecord(id));
      if (record.isEmpty()) {
        return Optional.empty();
      }
      JobBoard board = new JobBoard(1); // the rules for what an event means to a job
      board.event(JobEvents.accepted(JobRecord.parse(record.get().bytes())));
      store.get(Keys.manifest(id)).ifPresent(end -> board.event(JobEvents.end(end.bytes())));
      return board.job(id);
    } catch (InvalidInputException e) {
      return Optional.empty();
    }
  }
}
