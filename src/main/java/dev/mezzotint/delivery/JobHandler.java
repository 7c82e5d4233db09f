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
 * The delivery rules of jobs, all of them and for every kind of job.
 *
 * <p><b>The promise.</b> A job is executed at least once, has at most one committed result, and its
 * events are published at least once under ids that do not change. Whatever a record holds, it ends
 * in a terminal event or in a dead letter.
 *
 * <p><b>How it is kept.</b> Four writes, in this order, each of which the first one wins:
 *
 * <ol>
 *   <li>{@code job.json} fences the id: the same id with another request is turned away there, and
 *       what it was first resolved to (a model's version) is fixed.
 *   <li>The work's own objects. Where one stands already, an earlier attempt made it, and it
 *       counts.
 *   <li>{@code manifest.json} commits. Everything before it may happen again, nothing after it
 *       changes the result.
 *   <li>The terminal event, derived from the manifest's standing bytes, and only then is the record
 *       accepted. So a record that comes again finds the manifest, publishes the same event and
 *       does no work.
 * </ol>
 *
 * <p><b>How a delivery ends.</b>
 *
 * <table>
 *   <tr><th>found</th><th>done</th><th>settled</th></tr>
 *   <tr><td>no JSON object, no valid id</td><td>dead letter, {@code rejected}</td><td>accept</td>
 *   <tr><td>id of another request</td><td>dead letter, {@code rejected}; that job is not touched
 *       </td><td>accept</td>
 *   <tr><td>manifest</td><td>its event again (and its dead letter, if failed)</td><td>accept</td>
 *   <tr><td>a field at fault, no such model</td><td>manifest {@code failed}, dead letter, event
 *       </td><td>accept</td>
 *   <tr><td>attempts used up</td><td>the same</td><td>accept</td>
 *   <tr><td>called off</td><td>manifest {@code cancelled}, event</td><td>accept</td>
 *   <tr><td>deadline passed</td><td>manifest {@code expired}, event</td><td>accept</td>
 *   <tr><td>work done</td><td>manifest {@code completed}, event</td><td>accept</td>
 *   <tr><td>a share of it done and kept</td><td>attempt marked as handed back</td><td>continue: a
 *       copy goes to the end of the topic</td>
 *   <tr><td>another record of the job is being worked on</td><td>attempt marked as handed back
 *       </td><td>accept</td>
 *   <tr><td>store or broker away for long, device failed</td><td>nothing</td><td>release</td>
 *   <tr><td>shutdown</td><td>attempt marked as handed back</td><td>release</td>
 *   <tr><td>lock lost</td><td>nothing at all</td><td>release, which nobody hears</td>
 * </table>
 *
 * <p><b>What uses up attempts.</b> An attempt that was entered in {@code job.json} counts against
 * the job once its very record, or a worker's copy of it, comes again: the worker died, its device
 * failed, the lock was lost, the store went away in its middle. A shutdown that could hand back
 * does not count, nor does an outage before the attempt was entered, nor do duplicates, which are
 * records of their own. An attempt that kept something for later ones to build on (a checkpoint)
 * does not count either and takes back all that counted before it.
 *
 * <p>Safe for use by many threads, one delivery each.
 */
public final class JobHandler<R extends JobRequest> implements DeliveryHandler {
  private static final System.Logger LOG = System.getLogger(JobHandler.class.getName());

  /** Times that another worker may be quicker to write the job record before we give way. */
  private static final int RACES_MAX = 20;

  private final JobKind<R> work;
  private final ObjectStore store;
  private final EventPublisher events;
  private final Cancellations cancellations;
  private final DeliverySettings settings;
  private final JobCommitter end;
  private final KeyedLock turns = new KeyedLock();

  public JobHandler(
      JobKind<R> work,
      ObjectStore store,
      EventPublisher events,
      Cancellations cancellations,
      DeliverySettings settings) {
    this.work = work;
    this.cancellations = cancellations;
    this.store = store;
    this.events = events;
    this.settings = settings;
    this.end = new JobCommitter(store);
  }

  @Override
  public Settlement handle(Delivery delivery) throws InterruptedException {
    JobListener.DeliveryObserver visit = settings.listener().taken(delivery);
    Settlement settlement = Settlement.RELEASE;
    try {
      settlement = handle(new LeasedDelivery(delivery, events, settings.patience(), visit));
      return settlement;
    } finally {
      visit.settled(settlement);
    }
  }

  private Settlement handle(LeasedDelivery held) throws InterruptedException {
    Delivery delivery = held.delivery();
    try {
      return take(held);
    } catch (AttemptStoppedException e) {
      LOG.log(System.Logger.Level.INFO, "{0} not finished: {1}", delivery.position(), e.reason());
    } catch (TransientException e) {
      LOG.log(System.Logger.Level.WARNING, "{0} given back: {1}", delivery.position(), e);
    } catch (DeviceException e) {
      LOG.log(System.Logger.Level.ERROR, delivery.position() + " given back: device failed", e);
      settings.patience().pause(held::ending);
    }
    return Settlement.RELEASE;
  }

  private Settlement take(LeasedDelivery held) throws InterruptedException {
    if (held.ending()) {
      throw held.stopped();
    }
    ParsedRequest<R> intake;
    try {
      intake = ParsedRequest.read(held.delivery(), work.requests());
    } catch (InvalidInputException e) {
      String subject = e.field().isEmpty() ? "the request " : "";
      return reject(held, "", e.field(), subject + e.getMessage());
    } catch (RuntimeException e) {
      // A defect of ours, but of these bytes too: they would meet it everywhere and for ever.
      LOG.log(System.Logger.Level.ERROR, held.delivery().position() + " cannot be read", e);
      return reject(held, "", "", "the request cannot be read: " + e);
    }
    String id = intake.id().value();
    held.visit().job(id);
    if (!turns.enter(id, held::ending)) {
      throw held.stopped();
    }
    try {
      held.expiring(intake.deadline());
      return admit(held, intake);
    } finally {
      turns.leave(id);
    }
  }

  /** Enters the job, or finds out what became of it before. */
  private Settlement admit(LeasedDelivery held, ParsedRequest<R> intake)
      throws InterruptedException {
    held.visit().phase("claim");
    String run = UUID.randomUUID().toString();
    Admission verdict = judge(held, intake, Optional.empty());
    JobRecord untried = JobRecord.untried(intake.id(), intake.fingerprint(), now());
    JobRecord job = verdict.runnable() ? attempt(untried, verdict, held, run) : untried;
    String key = Keys.jobRecord(intake.id().value());
    // No look first: a new job is the rule, and costs one call so.
    Optional<String> etag = held.withRetry(() -> store.create(key, job.toJson(), ContentType.JSON));
    if (etag.isEmpty()) {
      return readmit(held, intake, run);
    }
    held.visit().jobCreated();
    return verdict.runnable()
        ? execute(
            new RecordedAttempt(held, job, etag.get(), run, verdict.planOrThrow()),
            intake.request().orElseThrow())
        : commit(held, verdict.end(job, intake, now()));
  }

  /** The job is known: this record came before, or another one with the same id did. */
  private Settlement readmit(LeasedDelivery held, ParsedRequest<R> intake, String run)
      throws InterruptedException {
    String id = intake.id().value();
    String key = Keys.jobRecord(id);
    for (int race = 0; race < RACES_MAX; race++) {
      StoredObject standing = held.withRetry(() -> read(key));
      JobRecord job;
      try {
        job = JobRecord.parse(standing.bytes());
      } catch (InvalidInputException e) {
        return rejectUnreadable(held, id, key, e);
      }
      if (!job.fingerprint().equals(intake.fingerprint())) {
        return reject(
            held,
            id,
            "id",
            "id " + id + " belongs to another request: give this one an id of its own");
      }
      Optional<StoredObject> ended = held.withRetry(() -> store.get(Keys.manifest(id)));
      if (ended.isPresent()) {
        return conclude(held, id, ended.get().bytes());
      }
      Admission verdict = judge(held, intake, job.model());
      if (!verdict.runnable()) {
        return commit(held, verdict.end(job, intake, now()));
      }
      if (job.lastIs(run)) {
        // Our own write, whose answer was lost.
        if (job.attempts() == 1) {
          held.visit().jobCreated();
        }
        return execute(
            new RecordedAttempt(held, job, standing.etag(), run, verdict.planOrThrow()),
            intake.request().orElseThrow());
      }
      if (job.strikesAt(held.delivery().origin()) >= settings.attemptsMax()) {
        return commit(held, Manifest.failed(job, now(), givenUp(job)));
      }
      JobRecord next = attempt(job, verdict, held, run);
      Optional<String> etag =
          held.withRetry(
              () -> store.replace(key, next.toJson(), ContentType.JSON, standing.etag()));
      if (etag.isPresent()) {
        return execute(
            new RecordedAttempt(held, next, etag.get(), run, verdict.planOrThrow()),
            intake.request().orElseThrow());
      }
      settings.patience().pause(held::ending);
    }
    throw new StorageException(key + " is being written by too many at once");
  }

  /** Does the work and commits what it led to. */
  private Settlement execute(RecordedAttempt attempt, R request) throws InterruptedException {
    LeasedDelivery held = attempt.held();
    JobRecord job = attempt.job();
    held.visit().attempt(job.attempts(), attempt.plan().model());
    Manifest manifest;
    try {
      JobEvent started = JobEvents.started(job, settings.worker(), now());
      held.publish(JobEvents.accepted(job));
      held.publish(started);
      held.visit().phase("work");
      Outcome outcome = attempt.plan().run(watch(attempt, request));
      if (!(outcome instanceof Outcome.Completed completed)) {
        attempt.handBack(store);
        return outcome instanceof Outcome.Unfinished ? Settlement.CONTINUE : Settlement.ACCEPT;
      }
      manifest = Manifest.completed(job, now(), completed.result());
    } catch (InvalidInputException e) {
      manifest = Manifest.failed(job, now(), e);
    } catch (AttemptStoppedException e) {
      if (!e.endsJob()) {
        handBackIfDraining(attempt);
        throw e;
      }
      manifest = Admission.end(e.reason(), job, request, now());
    } catch (WorkerFaultException e) {
      attempt.faulted(store, String.valueOf(e.getMessage()));
      throw e;
    } catch (TransientException e) {
      handBackIfDraining(attempt);
      throw e;
    }
    Settlement settlement = commit(held, manifest);
    ended(attempt.plan(), manifest);
    return settlement;
  }

  private void ended(JobKind.ExecutionPlan plan, Manifest manifest) {
    try {
      plan.ended(manifest);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, manifest.id() + " left something behind", e);
    }
  }

  private AttemptContext watch(RecordedAttempt attempt, R request) {
    ProgressReporter progress =
        new ProgressReporter(attempt.held(), attempt.job(), settings.clock());
    return new LeasedAttemptContext(
        attempt,
        store,
        () ->
            Admission.over(request, cancellations.cancelled(request.id().value()), now())
                .ifPresent(
                    over -> {
                      throw new AttemptStoppedException(over);
                    }),
        progress);
  }

  private Settlement commit(LeasedDelivery held, Manifest manifest) throws InterruptedException {
    held.visit().phase("commit");
    return ended(held, manifest.id().value(), () -> end.commit(held, manifest));
  }

  private Settlement conclude(LeasedDelivery held, String id, byte[] standing)
      throws InterruptedException {
    held.visit().phase("tell");
    return ended(held, id, () -> end.publish(held, id, standing));
  }

  private interface Ending {
    void run() throws InterruptedException;
  }

  private Settlement ended(LeasedDelivery held, String id, Ending ending)
      throws InterruptedException {
    try {
      ending.run();
      return Settlement.ACCEPT;
    } catch (InvalidInputException e) {
      return rejectUnreadable(held, id, Keys.manifest(id), e);
    }
  }

  /** About the record alone: whatever job has this id goes on as if nothing had come. */
  private Settlement reject(LeasedDelivery held, String id, String field, String cause)
      throws InterruptedException {
    held.visit().rejected();
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
   * So that a shutdown does not count against the job. Tried once, with little time left: if it
   * cannot be written, it counts.
   */
  private void handBackIfDraining(RecordedAttempt attempt) {
    if (attempt.held().delivery().draining()) {
      attempt.handBack(store);
    }
  }

  private Admission judge(LeasedDelivery held, ParsedRequest<R> intake, Optional<String> model)
      throws InterruptedException {
    return held.withRetry(() -> verdict(intake, model));
  }

  private Admission verdict(ParsedRequest<R> intake, Optional<String> model) {
    boolean cancelled = cancellations.cancelled(intake.id().value());
    return Admission.on(intake, model, work, cancelled, now());
  }

  private JobRecord attempt(JobRecord job, Admission verdict, LeasedDelivery held, String run) {
    Optional<String> model = verdict.plan().map(JobKind.ExecutionPlan::model);
    return job.attempt(model, settings.worker(), run, held.delivery().origin(), now());
  }

  private String givenUp(JobRecord job) {
    return "given up after "
        + settings.attemptsMax()
        + " attempts that ended without a result, the last on worker "
        + job.history().get(job.history().size() - 1).worker()
        + (job.lastFault().isEmpty() ? "" : ": " + job.lastFault());
  }

  private StoredObject read(String key) {
    return store.get(key).orElseThrow(() -> new StorageException(key + " has vanished"));
  }

  private Instant now() {
    return settings.clock().instant();
  }
}
