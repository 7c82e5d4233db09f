package dev.mezzotint.control;

import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.JobCommitter;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.delivery.JobRequest;
import dev.mezzotint.delivery.LeasedDelivery;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.delivery.ParsedRequest;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.Cancellations;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StoredObject;
import java.util.Optional;

/**
 * Ends queued jobs that have been cancelled or have expired, and recognizes dropped requests. The
 * record stays in its topic: the worker that receives it later finds the manifest and does nothing.
 * If a worker is running the job at this moment, both try to end it and the first manifest counts.
 *
 * <p>Safe for use by many threads.
 */
public final class PendingJobTerminator implements PendingJobs {
  private static final System.Logger LOG = System.getLogger(PendingJobTerminator.class.getName());

  private final RequestReader<?> reader;
  private final ObjectStore store;
  private final EventPublisher events;
  private final Cancellations cancellations;
  private final DeliverySettings settings;
  private final JobCommitter end;

  /**
   * @param reader parses the requests of the topics
   */
  public PendingJobTerminator(
      RequestReader<?> reader,
      ObjectStore store,
      EventPublisher events,
      Cancellations cancellations,
      DeliverySettings settings) {
    this.reader = reader;
    this.store = store;
    this.events = events;
    this.cancellations = cancellations;
    this.settings = settings;
    this.end = new JobCommitter(store);
  }

  @Override
  public Optional<PendingRequest> read(Delivery record) {
    return intake(record).map(PendingJobTerminator::waiting);
  }

  private static PendingRequest waiting(ParsedRequest<?> intake) {
    // 64 bits distinguish two requests of one id, and a backlog may be long.
    long fingerprint = Long.parseUnsignedLong(intake.fingerprint().substring(0, 16), 16);
    return new PendingRequest(intake.id().value(), fingerprint, intake.deadline());
  }

  /** Empty for an invalid record: the worker that receives it reports the error. */
  private Optional<ParsedRequest<?>> intake(Delivery record) {
    try {
      return Optional.of(ParsedRequest.read(record, reader));
    } catch (InvalidInputException e) {
      return Optional.empty();
    } catch (RuntimeException e) {
      // A defect in this software, which the worker will report.
      LOG.log(System.Logger.Level.DEBUG, record.position() + " cannot be read", e);
      return Optional.empty();
    }
  }

  @Override
  public boolean endIfOver(Delivery record) throws InterruptedException {
    Optional<ParsedRequest<?>> read = intake(record).filter(intake -> intake.request().isPresent());
    if (read.isEmpty()) {
      return false;
    }
    ParsedRequest<?> intake = read.get();
    String id = intake.id().value();
    JobRequest request = intake.request().orElseThrow();
    Optional<AttemptStoppedException.Reason> over =
        request.endReason(cancellations.isCancelled(id), settings.clock().instant());
    if (over.isEmpty()) {
      return false;
    }
    LeasedDelivery held = new LeasedDelivery(record, events, settings.retryPolicy());
    held.setDeadline(request.deadline());
    held.setWebhook(intake.webhook());
    JobRecord job =
        JobRecord.withoutAttempts(intake.id(), intake.fingerprint(), settings.clock().instant());
    try {
      if (held.withRetry(() -> store.create(Keys.jobRecord(id), job.toJson(), ContentType.JSON))
          .isPresent()) {
        return commit(held, job, over.get(), request);
      }
      Optional<StoredObject> standing = held.withRetry(() -> store.get(Keys.jobRecord(id)));
      if (standing.isEmpty()) {
        return false;
      }
      JobRecord begun = JobRecord.parse(standing.get().bytes());
      if (!begun.fingerprint().equals(intake.fingerprint())) {
        return false; // another request's job
      }
      boolean ended = held.withRetry(() -> store.stat(Keys.manifest(id))).isPresent();
      return ended || commit(held, begun, over.get(), request);
    } catch (InvalidInputException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "the record of job {0} is unreadable: {1}",
          intake.id(),
          e.getMessage());
      return false;
    }
  }

  private boolean commit(
      LeasedDelivery held, JobRecord job, AttemptStoppedException.Reason over, JobRequest request)
      throws InterruptedException {
    end.commit(held, Manifest.endedEarly(job, settings.clock().instant(), over, request));
    LOG.log(
        System.Logger.Level.INFO,
        "Ended queued job {0}: it was cancelled or has expired.",
        job.id());
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * <p>A record that was rejected because another request has its id does not count. An invalid
   * request does: its job ends as failed.
   */
  @Override
  public boolean wasDropped(Delivery record) throws InterruptedException {
    Optional<ParsedRequest<?>> intake = intake(record);
    if (intake.isEmpty()) {
      return false;
    }
    String id = intake.get().id().value();
    LeasedDelivery held = new LeasedDelivery(record, events, settings.retryPolicy());
    if (held.withRetry(() -> store.stat(Keys.manifest(id))).isPresent()) {
      return false;
    }
    Optional<StoredObject> job = held.withRetry(() -> store.get(Keys.jobRecord(id)));
    try {
      return job.isEmpty()
          || JobRecord.parse(job.get().bytes()).fingerprint().equals(intake.get().fingerprint());
    } catch (InvalidInputException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "the record of job {0} is unreadable: {1}",
          id,
          e.getMessage());
      return false;
    }
  }
}
