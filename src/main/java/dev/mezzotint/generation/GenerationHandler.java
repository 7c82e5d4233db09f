package dev.mezzotint.generation;

import dev.mezzotint.job.Cancellations;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;

/**
 * The delivery rules of generation jobs, all of them.
 *
 * <p><b>The promise.</b> A job is executed at least once, has at most one committed result, and its
 * events are published at least once under ids that do not change. Whatever a record holds, it ends
 * in a terminal event or in a dead letter.
 *
 * <p><b>How it is kept.</b> Four writes, in this order, each of which the first one wins:
 *
 * <ol>
 *   <li>{@code job.json} fences the id: the same id with another request is turned away there, and
 *       the model's version is fixed.
 *   <li>Pictures. Where one stands already, an earlier attempt made it, and it counts.
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
 *   <tr><td>pictures made</td><td>manifest {@code completed}, event</td><td>accept</td>
 *   <tr><td>store or broker away for long, device failed</td><td>nothing</td><td>release</td>
 *   <tr><td>shutdown</td><td>attempt marked as handed back</td><td>release</td>
 *   <tr><td>lock lost</td><td>nothing at all</td><td>release, which nobody hears</td>
 * </table>
 *
 * <p><b>What uses up attempts.</b> An attempt that was entered in {@code job.json} counts against
 * the job once its very record, or a worker's copy of it, comes again: the worker died, its device
 * failed, the lock was lost, the store went away in its middle. A shutdown that could hand back
 * does not count, nor does an outage before the attempt was entered, nor do duplicates, which are
 * records of their own.
 *
 * <p>Safe for use by many threads, one delivery each.
 */
public final class GenerationHandler implements DeliveryHandler {
  private static final System.Logger LOG = System.getLogger(GenerationHandler.class.getName());

  /** Times that another worker may be quicker to write the job record before we give way. */
  private static final int RACES_MAX = 20;

  private static final long PROGRESS_NANOS = 500_000_000;

  private final ObjectStore store;
  private final Sampling sampling;
  private final EventPublisher events;
  private final Cancellations cancellations;
  private final Executor pool;
  private final GenerationSettings settings;
  private final JobEnd end;
  private final Turns turns = new Turns();

  /**
   * @param pool where pictures are encoded and stored; closed by the caller, after the last
   *     delivery has ended
   */
  public GenerationHandler(
      ObjectStore store,
      Sampling sampling,
      EventPublisher events,
      Cancellations cancellations,
      Executor pool,
      GenerationSettings settings) {
    this.cancellations = cancellations;
    this.store = store;
    this.sampling = sampling;
    this.events = events;
    this.pool = pool;
    this.settings = settings;
    this.end = new JobEnd(store);
  }

  /** One attempt, entered in the job record, which stood under this ETag then. */
  private record Attempt(HeldDelivery held, JobRecord job, String etag, String run, Plan plan) {}

  @Override
  public Settlement handle(Delivery delivery) throws InterruptedException {
    HeldDelivery held = new HeldDelivery(delivery, events, settings.patience());
    try {
      return take(held);
    } catch (Stopped e) {
      LOG.log(System.Logger.Level.INFO, "{0} not finished: {1}", delivery.position(), e.reason());
    } catch (TransientException e) {
      LOG.log(System.Logger.Level.WARNING, "{0} given back: {1}", delivery.position(), e);
    } catch (DeviceException e) {
      LOG.log(System.Logger.Level.ERROR, delivery.position() + " given back: device failed", e);
      settings.patience().pause(held::ending);
    }
    return Settlement.RELEASE;
  }

  private Settlement take(HeldDelivery held) throws InterruptedException {
    if (held.ending()) {
      throw held.stopped();
    }
    Intake intake;
    try {
      intake = Intake.read(held.delivery(), settings.limits());
    } catch (InvalidInputException e) {
      String subject = e.field().isEmpty() ? "the request " : "";
      return reject(held, "", e.field(), subject + e.getMessage());
    } catch (RuntimeException e) {
      // A defect of ours, but of these bytes too: they would meet it everywhere and for ever.
      LOG.log(System.Logger.Level.ERROR, held.delivery().position() + " cannot be read", e);
      return reject(held, "", "", "the request cannot be read: " + e);
    }
    String id = intake.id().value();
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
  private Settlement admit(HeldDelivery held, Intake intake) throws InterruptedException {
    String run = UUID.randomUUID().toString();
    Verdict verdict = judge(held, intake, Optional.empty());
    JobRecord untried = JobRecord.untried(intake.id(), intake.fingerprint(), now());
    JobRecord job = verdict.runnable() ? attempt(untried, verdict, held, run) : untried;
    String key = Keys.jobRecord(intake.id().value());
    // No look first: a new job is the rule, and costs one call so.
    Optional<String> etag = held.patiently(() -> store.create(key, job.toJson(), ContentType.JSON));
    if (etag.isEmpty()) {
      return readmit(held, intake, run);
    }
    return verdict.runnable()
        ? execute(new Attempt(held, job, etag.get(), run, verdict.planOrThrow()))
        : commit(held, verdict.end(job, intake, now()));
  }

  /** The job is known: this record came before, or another one with the same id did. */
  private Settlement readmit(HeldDelivery held, Intake intake, String run)
      throws InterruptedException {
    String id = intake.id().value();
    String key = Keys.jobRecord(id);
    for (int race = 0; race < RACES_MAX; race++) {
      StoredObject standing = held.patiently(() -> read(key));
      JobRecord job;
      try {
        job = JobRecord.parse(standing.bytes());
      } catch (InvalidInputException e) {
        return rejectUnreadable(held, id, key, e);
      }
      if (!job.fingerprint().equals(intake.fingerprint())) {
        return reject(held, id, "id", "id " + id + " belongs to another request");
      }
      Optional<StoredObject> ended = held.patiently(() -> store.get(Keys.manifest(id)));
      if (ended.isPresent()) {
        return conclude(held, id, ended.get().bytes());
      }
      Verdict verdict = judge(held, intake, job.model());
      if (!verdict.runnable()) {
        return commit(held, verdict.end(job, intake, now()));
      }
      if (job.lastIs(run)) {
        // Our own write, whose answer was lost.
        return execute(new Attempt(held, job, standing.etag(), run, verdict.planOrThrow()));
      }
      if (job.strikesAt(held.delivery().origin()) >= settings.attemptsMax()) {
        return commit(held, Manifest.failed(job, now(), givenUp(job)));
      }
      JobRecord next = attempt(job, verdict, held, run);
      Optional<String> etag =
          held.patiently(
              () -> store.replace(key, next.toJson(), ContentType.JSON, standing.etag()));
      if (etag.isPresent()) {
        return execute(new Attempt(held, next, etag.get(), run, verdict.planOrThrow()));
      }
      settings.patience().pause(held::ending);
    }
    throw new StorageException(key + " is being written by too many at once");
  }

  /** Makes the pictures and commits them. */
  private Settlement execute(Attempt attempt) throws InterruptedException {
    HeldDelivery held = attempt.held();
    JobRecord job = attempt.job();
    Manifest manifest;
    try {
      JobEvent started = Events.started(job, settings.worker(), now());
      held.publish(Events.accepted(job));
      held.publish(started);
      manifest = render(attempt);
    } catch (InvalidInputException e) {
      manifest = Manifest.failed(job, now(), e);
    } catch (Stopped e) {
      if (!e.endsJob()) {
        handBack(attempt);
        throw e;
      }
      manifest = Verdict.end(e.reason(), job, attempt.plan().request(), now());
    } catch (TransientException e) {
      handBack(attempt);
      throw e;
    }
    return commit(held, manifest);
  }

  private Manifest render(Attempt attempt) throws InterruptedException {
    HeldDelivery held = attempt.held();
    Plan plan = attempt.plan();
    Claims claims = new Claims(store, plan, settings.limits().objectBytesMax());
    Rendering rendering =
        new Rendering(store, pool, settings.patience(), held::ending, plan, claims);
    List<Manifest.Image> images = rendering.run(sampling, watch(attempt));
    Optional<Manifest.Grid> grid = Optional.empty();
    if (plan.request().output().grid()) {
      byte[] png = Encoding.grid(rendering.files(), plan.model());
      String key = Keys.grid(attempt.job().id().value());
      byte[] standing = held.patiently(() -> FirstWrite.standing(store, key, png, ContentType.PNG));
      grid = Optional.of(new Manifest.Grid(key, Digest.sha256(standing), standing.length));
    }
    return Manifest.completed(attempt.job(), now(), plan.settings(), images, grid);
  }

  /** Ends the attempt when it must, and tells of its progress at most twice a second. */
  private Rendering.Watch watch(Attempt attempt) {
    return new Rendering.Watch() {
      private long last = System.nanoTime();
      private int n;

      @Override
      public void look(long done, int images) {
        if (attempt.held().ending()) {
          throw attempt.held().stopped();
        }
        boolean cancelled = cancellations.cancelled(attempt.job().id().value());
        Verdict.over(attempt.plan().request(), cancelled, now())
            .ifPresent(
                over -> {
                  throw new Stopped(over);
                });
        if (System.nanoTime() - last >= PROGRESS_NANOS && n < Events.PROGRESS_MAX) {
          last = System.nanoTime();
          n++;
          long total = attempt.plan().stagesTotal();
          tell(attempt.held(), Events.progressed(attempt.job(), n, done, total, images, now()));
        }
      }
    };
  }

  /** Progress that cannot be told is no reason to stop making it. */
  private static void tell(HeldDelivery held, JobEvent progress) {
    try {
      held.publishLater(progress);
    } catch (TransientException e) {
      LOG.log(System.Logger.Level.DEBUG, "{0} not published: {1}", progress.id(), e);
    }
  }

  private Settlement commit(HeldDelivery held, Manifest manifest) throws InterruptedException {
    return ended(held, manifest.id().value(), () -> end.commit(held, manifest));
  }

  private Settlement conclude(HeldDelivery held, String id, byte[] standing)
      throws InterruptedException {
    return ended(held, id, () -> end.tell(held, id, standing));
  }

  private interface Ending {
    void run() throws InterruptedException;
  }

  private Settlement ended(HeldDelivery held, String id, Ending ending)
      throws InterruptedException {
    try {
      ending.run();
      return Settlement.ACCEPT;
    } catch (InvalidInputException e) {
      return rejectUnreadable(held, id, Keys.manifest(id), e);
    }
  }

  /** About the record alone: whatever job has this id goes on as if nothing had come. */
  private Settlement reject(HeldDelivery held, String id, String field, String cause)
      throws InterruptedException {
    held.deadLetter(id, /* attempt= */ 0, field, cause);
    held.publishRejected(Events.rejected(held.delivery(), id, field, cause, now()));
    return Settlement.ACCEPT;
  }

  private Settlement rejectUnreadable(
      HeldDelivery held, String id, String key, InvalidInputException e)
      throws InterruptedException {
    LOG.log(System.Logger.Level.ERROR, "{0} is unreadable: {1}", key, e.getMessage());
    return reject(held, id, "id", key + " is unreadable: " + e.getMessage());
  }

  /**
   * So that a shutdown does not count against the job. Tried once, with little time left: if it
   * cannot be written, it counts.
   */
  private void handBack(Attempt attempt) {
    Delivery delivery = attempt.held().delivery();
    if (!delivery.draining() || delivery.fenced()) {
      return;
    }
    JobRecord job = attempt.job().handBack(attempt.run());
    String key = Keys.jobRecord(job.id().value());
    try {
      store.replace(key, job.toJson(), ContentType.JSON, attempt.etag());
    } catch (TransientException e) {
      LOG.log(System.Logger.Level.WARNING, "attempt at {0} counts: {1}", job.id(), e);
    }
  }

  private Verdict judge(HeldDelivery held, Intake intake, Optional<String> model)
      throws InterruptedException {
    return held.patiently(() -> verdict(intake, model));
  }

  private Verdict verdict(Intake intake, Optional<String> model) {
    boolean cancelled = cancellations.cancelled(intake.id().value());
    return Verdict.on(intake, model, sampling, settings.limits(), cancelled, now());
  }

  private JobRecord attempt(JobRecord job, Verdict verdict, HeldDelivery held, String run) {
    Optional<String> model = verdict.plan().map(plan -> plan.model().reference());
    return job.attempt(model, settings.worker(), run, held.delivery().origin(), now());
  }

  private String givenUp(JobRecord job) {
    return "given up after "
        + settings.attemptsMax()
        + " attempts that ended without a result, the last on worker "
        + job.history().get(job.history().size() - 1).worker();
  }

  private StoredObject read(String key) {
    return store.get(key).orElseThrow(() -> new StorageException(key + " has vanished"));
  }

  private Instant now() {
    return settings.clock().instant();
  }
}
