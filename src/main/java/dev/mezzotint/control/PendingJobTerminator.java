package dev.mezzotint.control;

import dev.mezzotint.delivery.Admission;
import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.JobCommitter;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.delivery.JobRequest;
import dev.mezzotint.delivery.LeasedDelivery;
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
 * Ends jobs that wait in the topic, called off or past their deadline, and tells which requests
 * were lost there. The record stays where it is; whoever takes it later finds the manifest and does
 * no work. A worker that runs the job at this moment ends it too, and the first manifest counts, so
 * nothing is lost by trying.
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
   * @param reader of the topics' kind of requests
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
    // A backlog may be long, and this much tells two requests of one id apart.
    long fingerprint = Long.parseUnsignedLong(intake.fingerprint().substring(0, 16), 16);
    return new PendingRequest(intake.id().value(), fingerprint, intake.deadline());
  }

  /** What is at fault with a record is left to the worker that takes it. */
  private Optional<ParsedRequest<?>> intake(Delivery record) {
    try {
      return Optional.of(ParsedRequest.read(record, reader));
    } catch (InvalidInputException e) {
      return Optional.empty();
    } catch (RuntimeException e) {
      // A defect of ours that the worker will tell of.
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
        Admission.over(request, cancellations.cancelled(id), settings.clock().instant());
    if (over.isEmpty()) {
      return false;
    }
    LeasedDelivery held = new LeasedDelivery(record, events, settings.patience());
    held.expiring(request.deadline());
    try {
      Optional<JobRecord> job = record(held, intake);
      if (job.isEmpty()) {
        return false;
      }
      end.commit(held, Admission.end(over.get(), job.get(), request, settings.clock().instant()));
      return true;
    } catch (InvalidInputException e) {
      LOG.log(System.Logger.Level.ERROR, "job {0} is unreadable: {1}", intake.id(), e.getMessage());
      return false;
    }
  }

  /**
   * A record that claims another's id was turned away: the job of that id is not its own. A bad
   * request is a job as well, which ends as failed once a worker has told its author.
   */
  @Override
  public boolean wasDropped(Delivery record) throws InterruptedException {
    Optional<ParsedRequest<?>> intake = intake(record);
    if (intake.isEmpty()) {
      return false;
    }
    String id = intake.get().id().value();
    LeasedDelivery held = new LeasedDelivery(record, events, settings.patience());
    if (held.withRetry(() -> store.stat(Keys.manifest(id))).isPresent()) {
      return false;
    }
    Optional<StoredObject> job = held.withRetry(() -> store.get(Keys.jobRecord(id)));
    try {
      return job.isEmpty()
          || JobRecord.parse(job.get().bytes()).fingerprint().equals(intake.get().fingerprint());
    } catch (InvalidInputException e) {
      LOG.log(System.Logger.Level.ERROR, "job {0} is unreadable: {1}", id, e.getMessage());
      return false;
    }
  }

  /** The job's record, made now if no worker has; empty if the job is another's or has ended. */
  private Optional<JobRecord> record(LeasedDelivery held, ParsedRequest<?> intake)
      throws InterruptedException {
    String id = intake.id().value();
    String key = Keys.jobRecord(id);
    JobRecord untried =
        JobRecord.untried(intake.id(), intake.fingerprint(), settings.clock().instant());
    boolean created =
        held.withRetry(() -> store.create(key, untried.toJson(), ContentType.JSON)).isPresent();
    if (created) {
      return Optional.of(untried);
    }
    Optional<StoredObject> standing = held.withRetry(() -> store.get(key));
    if (standing.isEmpty() || held.withRetry(() -> store.stat(Keys.manifest(id))).isPresent()) {
      return Optional.empty();
    }
    JobRecord job = JobRecord.parse(standing.get().bytes());
    return job.fingerprint().equals(intake.fingerprint()) ? Optional.of(job) : Optional.empty();
  }
}
