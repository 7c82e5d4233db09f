package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Context of a running attempt: cancellation checks, retries, progress events, and notes in the job
 * record.
 *
 * <p>{@link #stopping} and {@link #fenced} are safe for use by many threads; everything else is for
 * the thread that runs the attempt.
 */
public final class AttemptContext {
  private static final System.Logger LOG = System.getLogger(AttemptContext.class.getName());

  /** Times that another writer may change the job record between reading and writing a note. */
  private static final int RACES_MAX = 4;

  /** Time after which an unchanged state is published again, to show that a worker has the job. */
  private static final Duration SILENCE_MAX = Duration.ofSeconds(30);

  private final LeasedDelivery lease;
  private final JobRecord job;
  private final String etag;
  private final ObjectStore store;
  private final Supplier<Optional<AttemptStoppedException.Reason>> jobEnd;
  private final InstantSource clock;
  private final long progressIntervalNanos;
  private long lastProgressNanos = System.nanoTime();
  private Instant lastPublishedTime = Instant.EPOCH;
  private Map<String, Object> lastPublished = Map.of();
  private int progressEvents;

  /**
   * @param job the record with this attempt as the latest one
   * @param etag of the stored job record
   * @param jobEnd the reason why the job ends before its work is done; empty while there is none
   * @param progressIntervalNanos between two progress events
   */
  AttemptContext(
      LeasedDelivery lease,
      JobRecord job,
      String etag,
      ObjectStore store,
      Supplier<Optional<AttemptStoppedException.Reason>> jobEnd,
      InstantSource clock,
      long progressIntervalNanos) {
    this.lease = lease;
    this.job = job;
    this.etag = etag;
    this.store = store;
    this.jobEnd = jobEnd;
    this.clock = clock;
    this.progressIntervalNanos = progressIntervalNanos;
  }

  /** Unique id of this attempt. */
  public String run() {
    return job.lastRun();
  }

  /** Number of this attempt, from 1. Attempts after the first may find results of earlier ones. */
  public int attempt() {
    return job.attempts();
  }

  /** Position of the delivered record itself, also if it is a copy of another record. */
  public String position() {
    return lease.delivery().position();
  }

  /** True once the attempt should stop: the lock is lost, or the worker shuts down. */
  public boolean stopping() {
    return lease.stopping();
  }

  /** True once another worker may hold the record: from then on nothing may be published. */
  public boolean fenced() {
    return lease.delivery().fenced();
  }

  /**
   * Checks whether the attempt may continue; cheap, to be called often.
   *
   * @throws AttemptStoppedException if the lock is lost, the worker shuts down, or the job is
   *     cancelled or past its deadline
   */
  public void check() {
    if (stopping()) {
      throw lease.stopException();
    }
    checkJob();
  }

  /** As {@link #check} except for a shutdown, which the caller handles by {@link #stopping}. */
  public void checkIgnoringDrain() {
    if (fenced()) {
      throw lease.stopException();
    }
    checkJob();
  }

  private void checkJob() {
    jobEnd
        .get()
        .ifPresent(
            reason -> {
              throw new AttemptStoppedException(reason);
            });
  }

  /**
   * Publishes a progress event if one is due and it differs from the one before, or half a minute
   * has passed without one. It may be lost.
   *
   * @param progress members of the event; called only if an event is due
   */
  public void reportProgress(Supplier<Map<String, Object>> progress) {
    if (System.nanoTime() - lastProgressNanos < progressIntervalNanos
        || progressEvents >= JobEvents.PROGRESS_MAX) {
      return;
    }
    lastProgressNanos = System.nanoTime();
    Map<String, Object> data = progress.get();
    Instant now = clock.instant();
    if (data.equals(lastPublished) && now.isBefore(lastPublishedTime.plus(SILENCE_MAX))) {
      return;
    }
    lastPublishedTime = now;
    lastPublished = data;
    progressEvents++;
    JobEvent event = JobEvents.progressed(job, progressEvents, data, now);
    try {
      lease.publishLater(event);
    } catch (TransientException e) {
      // The work continues without this event.
      LOG.log(System.Logger.Level.DEBUG, "{0} not published: {1}", event.id(), e);
    }
  }

  /**
   * Retries an operation while it fails with a {@link TransientException}.
   *
   * @throws AttemptStoppedException if the lock is lost
   * @throws TransientException the last failure, once the retry policy gives up
   */
  public <T> T withRetry(Supplier<T> operation) throws InterruptedException {
    return lease.withRetry(operation);
  }

  public void withRetry(Runnable operation) throws InterruptedException {
    lease.withRetry(operation);
  }

  public JobListener.DeliveryObserver observer() {
    return lease.observer();
  }

  /** Notes that something was stored that later attempts continue from. */
  public void markAdvanced() {
    updateRecord(record -> record.withAdvance(run()));
  }

  /** Notes that the attempt ended in good order, so that it does not count against the job. */
  void markHandedBack() {
    updateRecord(record -> record.withHandBack(run()));
  }

  /** Notes the failure that ended the attempt, which the job's end repeats if it is given up. */
  void markFault(String fault) {
    updateRecord(record -> record.withFault(run(), fault));
  }

  /** Best effort: if the note cannot be written, the attempt counts as a failed one. */
  private void updateRecord(UnaryOperator<JobRecord> change) {
    if (fenced()) {
      return;
    }
    String key = Keys.jobRecord(job.id().value());
    try {
      JobRecord current = job;
      String version = etag;
      for (int race = 0; race < RACES_MAX; race++) {
        byte[] bytes = change.apply(current).toJson();
        if (store.replace(key, bytes, ContentType.JSON, version).isPresent()) {
          return;
        }
        Optional<StoredObject> newer = store.get(key); // of a duplicate, or our own earlier note
        if (newer.isEmpty()) {
          return;
        }
        current = JobRecord.parse(newer.get().bytes());
        version = newer.get().etag();
      }
    } catch (TransientException | InvalidInputException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "Cannot update the record of job {0}; its attempt counts as failed: {1}",
          job.id(),
          e);
    }
  }
}
