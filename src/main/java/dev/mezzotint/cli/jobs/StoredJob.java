package dev.mezzotint.cli.jobs;

import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.ObjectTransfer;
import dev.mezzotint.storage.StorageException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the object store knows about a job: nothing while it is queued, its record once a worker has
 * taken it, and its manifest once it has ended. Immutable.
 */
record StoredJob(Optional<JobRecord> taken, Optional<Manifest> end) {
  static final StoredJob UNKNOWN = new StoredJob(Optional.empty(), Optional.empty());

  /** Reads a job. If the store cannot be read, nothing is known: workers decide in any case. */
  static StoredJob find(ObjectTransfer objects, String id) {
    try (ObjectStore store = objects.stores().get()) {
      return new StoredJob(
          store.get(Keys.jobRecord(id)).map(object -> JobRecord.parse(object.bytes())),
          store.get(Keys.manifest(id)).map(object -> Manifest.parse(object.bytes())));
    } catch (StorageException | InvalidInputException e) {
      return UNKNOWN;
    }
  }

  Optional<String> fingerprint() {
    return taken.map(JobRecord::fingerprint).or(() -> end.map(Manifest::fingerprint));
  }

  /** After "has", such as {@code completed 3 min ago}; empty for a job that has not ended. */
  Optional<String> ended(Instant now) {
    return end.map(manifest -> ended(manifest.state().wireName(), manifest.created(), now));
  }

  /** As {@link #ended(Instant)}, for a job as the REST API shows it. */
  static Optional<String> ended(Map<String, Object> job, Instant now) {
    return job.get("ended") instanceof String time
        ? Optional.of(ended(String.valueOf(job.get("state")), Instant.parse(time), now))
        : Optional.empty();
  }

  private static String ended(String state, Instant end, Instant now) {
    return (state.equals(JobEvent.Type.CANCELLED.wireName()) ? "been " : "")
        + state
        + " "
        + brief(Duration.between(end, now))
        + " ago";
  }

  /** A duration as people write it: {@code 40 s}, {@code 3 min}, {@code 5 h}, {@code 2 days}. */
  static String brief(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min";
    }
    return seconds < 172_800 ? seconds / 3600 + " h" : seconds / 86_400 + " days";
  }
}
