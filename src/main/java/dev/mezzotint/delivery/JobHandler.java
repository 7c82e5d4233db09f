package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.Cancellations;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.job.WorkerFaultException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Handles the deliveries of requests: the rules that all kinds of jobs share.
 *
 * <p><b>Guarantees.</b> A job is executed at least once, has at most one committed result, and its
 * events are published at least once under ids that do not change. Every record ends in a terminal
 * event or in a dead letter, whatever it contains.
 *
 * <p><b>How they are kept.</b> Four writes, in this order; for each of them the first writer wins:
 *
 * <ol>
 *   <li>{@code job.json} fences the id: another request with the same id is rejected there, and
 *       what the request was first resolved to (the version of its model) is fixed.
 *   <li>The objects of the work itself. An object that exists was stored by an earlier attempt and
 *       counts.
 *   <li>{@code manifest.json} commits. Everything before it may be repeated, nothing after it
 *       changes the result.
 *   <li>The terminal event, derived from the bytes of the stored manifest; only then is the record
 *       accepted. If the record is delivered again, the handler finds the manifest, publishes the
 *       same event and does no work.
 * </ol>
 *
 * <p><b>How a delivery ends.</b>
 *
 * <table>
 *   <tr><th>condition</th><th>action</th><th>settlement</th></tr>
 *   <tr><td>not a JSON object, or no valid id</td><td>dead letter, {@code rejected}</td><td>accept
 *       </td>
 *   <tr><td>id of another request</td><td>dead letter, {@code rejected}; the other job is not
 *       affected</td><td>accept</td>
 *   <tr><td>manifest exists</td><td>its event again (and its dead letter, if failed)</td><td>accept
 *       </td>
 *   <tr><td>invalid field, unknown model</td><td>manifest {@code failed}, dead letter, event
 *       </td><td>accept</td>
 *   <tr><td>attempts used up</td><td>the same</td><td>accept</td>
 *   <tr><td>cancelled by request</td><td>manifest {@code cancelled}, event</td><td>accept</td>
 *   <tr><td>deadline passed</td><td>manifest {@code expired}, event</td><td>accept</td>
 *   <tr><td>work done</td><td>manifest {@code completed}, event</td><td>accept</td>
 *   <tr><td>a part of the work done and stored</td><td>attempt marked as handed back</td>
 *       <td>continue: a copy goes to the end of the topic</td>
 *   <tr><td>another record of the job is being processed</td><td>attempt marked as handed back
 *       </td><td>accept</td>
 *   <tr><td>store or broker unavailable for long, device failed</td><td>none</td><td>release</td>
 *   <tr><td>shutdown</td><td>attempt marked as handed back</td><td>release</td>
 *   <tr><td>lock lost</td><td>no side effects</td><td>release (ignored by the broker)</td>
 * </table>
 *
 * <p><b>Which attempts count.</b> An attempt that was entered in {@code job.json} counts as failed
 * once its very record, or a worker's copy of it, is delivered again: the worker died, its device
 * failed, the lock was lost, or the store became unavailable during the attempt. Not counted are
 * shutdowns that could hand back, outages before the attempt was entered, and duplicates, which are
 * records of their own. An attempt that stored something for later ones to build on (a checkpoint)
 * does not count and resets the count.
 *
 * <p>Safe for use by many threads, one delivery each.
 */
public final class JobHandler<R extends JobRequest> implements DeliveryHandler {
  private static final System.Logger LOG = System.getLogger(JobHandler.class.getName());

  /** Times that another worker may change the job record before this one hands the record back. */
  private static final int RACES_MAX = 20;

  private final JobKind<R> kind;
  private final ObjectStore store;
  private final EventPublisher events;
  private final Cancellations cancellations;
  private final DeliverySettings settings;
  private final JobCommitter committer;
  private final KeyedLock jobLocks = new KeyedLock();

  public JobHandler(
      JobKind<R> kind,
      ObjectStore store,
      EventPublisher events,
      Cancellations cancellations,
      DeliverySettings settings) {
    this.kind = kind;
    this.cancellations = cancellations;
    this.store = store;
    this.events = events;
    this.settings = settings;
    this.committer = new JobCommitter(store);
  }

  @Override
  public Settlement handle(Delivery delivery) throws InterruptedException {
    JobListener.DeliveryObserver observer = settings.listener().deliveryStarted(delivery);
    Settlement settlement = Settlement.RELEASE;
    try {
      settlement = handle(new LeasedDelivery(delivery, events, settings.retryPolicy(), observer));
      return settlement;
    } finally {
      observer.settled(settlement);
    }
  }

  private Settlement handle(LeasedDelivery held) throws InterruptedException {
    Delivery delivery = held.delivery();
    try {
      return process(held);
    } catch (AttemptStoppedException e) {
      LOG.log(System.Logger.Level.INFO, "{0} not finished: {1}", delivery, e.reason());
    } catch (TransientException e) {
      LOG.log(System.Logger.Level.WARNING, "{0} handed back: {1}", delivery, e);
    } catch (DeviceException e) {
      LOG.log(System.Logger.Level.ERROR, delivery + " handed back: device failed", e);
      settings.retryPolicy().pause(held::stopping);
    }
    return Settlement.RELEASE;
  }

  private Settlement process(LeasedDelivery held) throws InterruptedException {
    if (held.stopping()) {
      throw held.stopException();
    }
    ParsedRequest<R> intake;
    try {
      intake = ParsedRequest.read(held.delivery(), kind.requestReader());
    } catch (InvalidInputException e) {
      String subject = e.field().isEmpty() ? "the request " : "";
      return reject(held, "", e.field(), subject + e.getMessage());
    } catch (RuntimeException e) {
      // A defect of the worker that these bytes would trigger on every other worker too.
      LOG.log(System.Logger.Level.ERROR, held.delivery().position() + " cannot be read", e);
      return reject(held, "", "", "the request cannot be read: " + e);
    }
    String id = intake.id().value();
    held.observer().jobIdentified(id);
    if (!jobLocks.lock(id, held::stopping)) {
      throw held.stopException();
    }
    try {
      held.setDeadline(intake.deadline());
      held.setWebhook(intake.webhook());
      return admit(held, intake);
    } finally {
      jobLocks.unlock(id);
    }
  }

  /** Creates the job record and runs the job; continues with {@link #readmit} if it exists. */
  private Settlement admit(LeasedDelivery held, ParsedRequest<R> intake)
      throws InterruptedException {
    held.observer().phaseStarted("claim");
    String run = UUID.randomUUID().toString();
    JobRecord untried = JobRecord.withoutAttempts(intake.id(), intake.fingerprint(), now());
    Admission admission = decide(held, intake, untried);
    JobRecord job =
        admission.countsAsAttempt() ? withAttempt(untried, admission, held, run) : untried;
    String key = Keys.jobRecord(intake.id().value());
    // Without reading first: most jobs are new, and this costs one call.
    Optional<String> etag = held.withRetry(() -> store.create(key, job.toJson(), ContentType.JSON));
    if (etag.isEmpty()) {
      return readmit(held, intake, run);
    }
    held.observer().jobCreated();
    return proceed(held, intake, admission, job, etag.get());
  }

  /** Handles a record of a known job: delivered before, or a duplicate with the same id. */
  private Settlement readmit(LeasedDelivery held, ParsedRequest<R> intake, String run)
      throws InterruptedException {
    String id = intake.id().value();
    String key = Keys.jobRecord(id);
    for (int race = 0; race < RACES_MAX; race++) {
      StoredObject stored = held.withRetry(() -> read(key));
      JobRecord job;
      try {
        job = JobRecord.parse(stored.bytes());
      } catch (InvalidInputException e) {
        return rejectUnreadable(held, id, key, e);
      }
      if (!job.fingerprint().equals(intake.fingerprint())) {
        return reject(
            held, id, "id", "id " + id + " belongs to another request: use a different id");
      }
      Optional<StoredObject> ended = held.withRetry(() -> store.get(Keys.manifest(id)));
      if (ended.isPresent()) {
        return republishEnd(held, id, ended.get().bytes());
      }
      Admission admission = decide(held, intake, job);
      if (!admission.countsAsAttempt()) {
        return proceed(held, intake, admission, job, stored.etag());
      }
      if (job.lastRun().equals(run)) {
        // The handler's own write, whose answer was lost.
        if (job.attempts() == 1) {
          held.observer().jobCreated();
        }
        return proceed(held, intake, admission, job, stored.etag());
      }
      if (job.failedAttemptsAt(held.delivery().origin()) >= settings.attemptsMax()) {
        return commit(held, Manifest.failed(job, now(), givenUp(job)));
      }
      JobRecord next = withAttempt(job, admission, held, run);
      Optional<String> etag =
          held.withRetry(() -> store.replace(key, next.toJson(), ContentType.JSON, stored.etag()));
      if (etag.isPresent()) {
        return proceed(held, intake, admission, next, etag.get());
      }
      settings.retryPolicy().pause(held::stopping);
    }
    throw new StorageException(key + " is being changed by too many writers at once");
  }

  /** Carries out the decision on a request whose job record is stored. */
  private Settlement proceed(
      LeasedDelivery held, ParsedRequest<R> intake, Admission admission, JobRecord job, String etag)
      throws InterruptedException {
    if (admission instanceof Admission.Invalid invalid) {
      return commit(held, Manifest.failed(job, now(), invalid.refusal()));
    }
    R request = intake.request().orElseThrow();
    if (admission instanceof Admission.Ended ended) {
      return commit(held, Manifest.endedEarly(job, now(), ended.reason(), request));
    }
    if (admission instanceof Admission.Defect defect) {
      throw defect.cause();
    }
    return execute(held, request, ((Admission.Run) admission).plan(), job, etag);
  }

  /** Does the work and commits its result. */
  private Settlement execute(
      LeasedDelivery held, R request, JobKind.ExecutionPlan plan, JobRecord job, String etag)
      throws InterruptedException {
    held.observer().attemptStarted(job.attempts(), plan.model());
    AttemptContext context =
        new AttemptContext(
            held,
            job,
            etag,
            store,
            () -> request.endReason(cancellations.isCancelled(request.id().value()), now()),
            settings.clock(),
            plan.progressIntervalNanos());
    Manifest manifest;
    try {
      JobEvent started = JobEvents.started(job, settings.worker(), now());
      // Not waited for: the work goes on meanwhile, and ends after them.
      held.send(JobEvents.accepted(job));
      held.send(started);
      held.observer().phaseStarted("work");
      Outcome outcome = plan.run(context);
      if (!(outcome instanceof Outcome.Completed completed)) {
        held.awaitEvents();
        context.markHandedBack();
        return outcome instanceof Outcome.Unfinished ? Settlement.CONTINUE : Settlement.ACCEPT;
      }
      manifest = Manifest.completed(job, now(), completed.result());
    } catch (InvalidInputException e) {
      manifest = Manifest.failed(job, now(), e);
    } catch (AttemptStoppedException e) {
      if (!e.endsJob()) {
        handBackIfDraining(context, held);
        throw e;
      }
      manifest = Manifest.endedEarly(job, now(), e.reason(), request);
    } catch (TransientException e) {
      if (held.delivery().draining() && !(e instanceof WorkerFaultException)) {
        context.markHandedBack();
      } else {
        context.markFault(String.valueOf(e.getMessage()));
      }
      throw e;
    }
    Settlement settlement = commit(held, manifest);
    try {
      plan.cleanUp(manifest);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "Clean-up after job " + job.id() + " failed", e);
    }
    return settlement;
  }

  private Settlement commit(LeasedDelivery held, Manifest manifest) throws InterruptedException {
    held.observer().phaseStarted("commit");
    String id = manifest.id().value();
    try {
      held.awaitEvents(); // a job that is committed publishes nothing but its end again
      committer.commit(held, manifest);
      return Settlement.ACCEPT;
    } catch (InvalidInputException e) {
      return rejectUnreadable(held, id, Keys.manifest(id), e);
    }
  }

  private Settlement republishEnd(LeasedDelivery held, String id, byte[] manifest)
      throws InterruptedException {
    held.observer().phaseStarted("tell");
    try {
      committer.publish(held, id, manifest);
      return Settlement.ACCEPT;
    } catch (InvalidInputException e) {
      return rejectUnreadable(held, id, Keys.manifest(id), e);
    }
  }

  /** Rejects the record alone; a job that has the same id is not affected. */
  private Settlement reject(LeasedDelivery held, String id, String field, String cause)
      throws InterruptedException {
    held.observer().rejected();
    held.deadLetter(id, /* attempt= */ 0, field, cause);
    held.publishRejected(JobEvents.rejected(held.delivery(), id, field, cause, now()));
    return Settlement.ACCEPT;
  }

  private Settlement rejectUnreadable(
      LeasedDelivery held, String id, String key, InvalidInputException e)
      throws InterruptedException {
    LOG.log(System.Logger.Level.ERROR, "{0} is unreadable: {1}", key, e.getMessage());
    return reject(held, id, "id", key + " is unreadable: " + e.getMessage());
  }

  /**
   * Marks the attempt as handed back, so that a shutdown does not count against the job. Tried
   * once, since little time is left: if it cannot be written, the attempt counts.
   */
  private static void handBackIfDraining(AttemptContext context, LeasedDelivery held) {
    if (held.delivery().draining()) {
      context.markHandedBack();
    }
  }

  private Admission decide(LeasedDelivery held, ParsedRequest<R> intake, JobRecord job)
      throws InterruptedException {
    return held.withRetry(() -> decideOnce(intake, job));
  }

  /**
   * @param job its model and engine, if an earlier attempt has fixed them, are used
   * @throws TransientException if the store of models is unavailable
   */
  private Admission decideOnce(ParsedRequest<R> intake, JobRecord job) {
    if (intake.request().isEmpty()) {
      return new Admission.Invalid(intake.refusal().orElseThrow());
    }
    R request = intake.request().get();
    boolean cancelled = cancellations.isCancelled(intake.id().value());
    Optional<AttemptStoppedException.Reason> end = request.endReason(cancelled, now());
    if (end.isPresent()) {
      return new Admission.Ended(end.get());
    }
    try {
      return new Admission.Run(kind.plan(request, job.model(), job.engine()));
    } catch (InvalidInputException e) {
      return new Admission.Invalid(e);
    } catch (TransientException e) {
      throw e;
    } catch (RuntimeException e) {
      return new Admission.Defect(e);
    }
  }

  private JobRecord withAttempt(
      JobRecord job, Admission admission, LeasedDelivery held, String run) {
    return job.withAttempt(
        admission.model(),
        admission.engine(),
        settings.worker(),
        run,
        held.delivery().origin(),
        now());
  }

  private String givenUp(JobRecord job) {
    return "given up after "
        + settings.attemptsMax()
        + " attempts that ended without a result, the last on worker "
        + job.history().get(job.history().size() - 1).worker()
        + (job.lastFault().isEmpty() ? "" : ": " + job.lastFault());
  }

  private StoredObject read(String key) {
    return store.get(key).orElseThrow(() -> new StorageException(key + " no longer exists"));
  }

  private Instant now() {
    return settings.clock().instant();
  }
}
