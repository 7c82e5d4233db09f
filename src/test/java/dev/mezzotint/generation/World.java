package dev.mezzotint.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.control.PendingJobTerminator;
import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.delivery.JobEvents;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.delivery.RecordingEventPublisher;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobState;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.sampling.NoiseSampler;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.MemoryObjectStore;
import dev.mezzotint.storage.Sha256;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** One bucket, one broker, and any number of workers. */
public final class World {
  static final Instant START = Instant.parse("2026-11-22T12:00:00Z");
  static final RetryPolicy QUICK =
      new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(60));

  public final MemoryObjectStore store = new MemoryObjectStore();
  public final RecordingEventPublisher log = new RecordingEventPublisher();
  public final NoiseSampler sampling = new NoiseSampler();
  final AtomicReference<Instant> time = new AtomicReference<>(START);
  public final Set<String> cancelled = ConcurrentHashMap.newKeySet();
  private final AtomicLong offsets = new AtomicLong();

  /** A healthy worker that does everything on the delivery's thread. */
  Settlement deliver(String json) throws InterruptedException {
    return worker().handle(record(json));
  }

  public JobHandler<?> worker() {
    return worker("w1", FaultInjector.Fault.NONE);
  }

  public JobHandler<?> worker(String name, FaultInjector.Fault fault) {
    return worker(name, fault, sampling, Runnable::run);
  }

  public JobHandler<?> worker(
      String name, FaultInjector.Fault fault, Sampler device, Executor pool) {
    FaultInjector line = new FaultInjector(store, log, fault);
    return new JobHandler<>(
        new GenerationJobKind(line, device, pool, GenerationLimits.DEFAULT, QUICK, InputRule.ANY),
        line,
        line,
        cancelled::contains,
        settings(name));
  }

  /** Terminates jobs that are still queued. */
  public PendingJobTerminator control(FaultInjector.Fault fault) {
    FaultInjector line = new FaultInjector(store, log, fault);
    return new PendingJobTerminator(
        GenerationJobKind.reader(GenerationLimits.DEFAULT),
        line,
        line,
        cancelled::contains,
        settings("control"));
  }

  private DeliverySettings settings(String name) {
    // Each read of the clock is later than the one before, as on a real machine.
    InstantSource clock = () -> time.updateAndGet(t -> t.plusNanos(1_000));
    return new DeliverySettings(name, 5, QUICK, clock);
  }

  /** A new record. */
  public Delivery record(String json) {
    return record(json.getBytes(StandardCharsets.UTF_8));
  }

  Delivery record(byte[] value) {
    return new Delivery("requests", 0, offsets.getAndIncrement(), 1, value, List.of());
  }

  /** The same record again, as the broker delivers it to the next worker. */
  public static Delivery again(Delivery delivery) {
    return new Delivery(
        delivery.topic(),
        delivery.partition(),
        delivery.offset(),
        delivery.deliveryCount() + 1,
        delivery.value(),
        delivery.headers());
  }

  public Manifest manifest(String id) {
    return Manifest.parse(store.get(Keys.manifest(id)).orElseThrow().bytes());
  }

  /** The job's images; nothing unless it is completed. */
  GeneratedImages images(String id) {
    return images(manifest(id));
  }

  static GeneratedImages images(Manifest manifest) {
    return manifest
        .result()
        .map(GeneratedImages.class::cast)
        .orElse(new GeneratedImages(Optional.empty(), List.of(), Optional.empty()));
  }

  public JobRecord jobRecord(String id) {
    return JobRecord.parse(store.get(Keys.jobRecord(id)).orElseThrow().bytes());
  }

  /** Checks the invariants of a job that has ended. */
  public void checkEnded(String id) {
    List<JobEvent> ends = log.ends(id);
    assertThat(ends).as("terminal events of %s", id).isNotEmpty();
    assertThat(new HashSet<>(ends)).as("different terminal events of %s", id).hasSize(1);
    JobEvent end = ends.get(0);
    byte[] stored = store.get(Keys.manifest(id)).orElseThrow().bytes();
    assertThat(end).isEqualTo(JobEvents.end(stored));
    if (end.type() == JobEvent.Type.FAILED) {
      assertThat(log.deadLetters()).anyMatch(letter -> letter.jobId().equals(id));
    }
    JobState life = JobState.NEW;
    for (JobEvent event : log.events(id)) {
      if (event.type() != JobEvent.Type.REJECTED) {
        life = life.after(event).orElse(life);
      }
    }
    assertThat(life.endId()).isEqualTo(end.id());
    checkNothingOverwritten(id);
    checkSequence(id);
    for (GeneratedImages.Image image : images(Manifest.parse(stored)).images()) {
      byte[] bytes = store.get(image.key()).orElseThrow().bytes();
      assertThat(Sha256.sha256(bytes)).as(image.key()).isEqualTo(image.sha256());
    }
  }

  /** Only the job record may change, and only under its condition. */
  private void checkNothingOverwritten(String id) {
    Map<String, Integer> writes = new HashMap<>();
    for (MemoryObjectStore.Write write : store.writes()) {
      if (write.key().startsWith(Keys.job(id))) {
        boolean replacedRecord =
            write.key().equals(Keys.jobRecord(id)) && write.operation().equals("replace");
        if (!replacedRecord) {
          assertThat(write.operation()).as(write.key()).isEqualTo("create");
          assertThat(writes.merge(write.key(), 1, Integer::sum)).as(write.key()).isEqualTo(1);
        }
      }
    }
  }

  /** Same id, same event; and among events of one attempt, later means a greater number. */
  private void checkSequence(String id) {
    Map<String, JobEvent> byId = new HashMap<>();
    Map<Integer, Long> highest = new HashMap<>();
    boolean over = false;
    for (JobEvent event : log.events(id)) {
      if (event.type() == JobEvent.Type.REJECTED) {
        continue;
      }
      JobEvent before = byId.putIfAbsent(event.id(), event);
      if (before != null) {
        assertThat(event).isEqualTo(before);
      } else if (over && cancelled.contains(id)) {
        // Ended early by another worker: this one may still publish its start, which followers
        // ignore.
        assertThat(event.type().terminal()).isFalse();
      } else if (event.type() != JobEvent.Type.ACCEPTED) {
        assertThat(event.sequence())
            .as("%s after %s", event, highest)
            .isGreaterThan(highest.getOrDefault(event.attempt(), 0L));
        highest.put(event.attempt(), event.sequence());
      }
      over |= event.type().terminal();
    }
  }

  public static String request(String id, String more) {
    return "{\"id\":\"" + id + "\",\"model\":\"tiny\"" + (more.isEmpty() ? "" : "," + more) + "}";
  }
}
