package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.delivery.RecordingEventPublisher;
import dev.mezzotint.delivery.TrainedModel;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.MemoryObjectStore;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.training.checkpoint.CheckpointPointer;
import dev.mezzotint.training.checkpoint.LeaseTiming;
import dev.mezzotint.training.recipe.TrainingLimits;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** One bucket, one broker and any number of training workers, on a real device. */
public final class TrainingWorld {
  static final Instant START = Instant.parse("2026-11-22T12:00:00Z");
  public static final String DATA = "datasets/squares.zip";
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);
  private static final RetryPolicy QUICK =
      new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(60));

  public final MemoryObjectStore store = new MemoryObjectStore();
  public final RecordingEventPublisher log = new RecordingEventPublisher();
  final Set<String> cancelled = ConcurrentHashMap.newKeySet();
  final AtomicReference<Instant> time = new AtomicReference<>(START);

  /** Device of workers created from now on. */
  Device device = CPU;

  private final Path folder;
  private final AtomicLong offsets = new AtomicLong();

  public TrainingWorld(Path folder) throws IOException {
    this.folder = folder;
    store.put(DATA, zip(20, 8), "application/zip");
  }

  public static byte[] zip(int images, int side) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < images; i++) {
        zip.putNextEntry(new ZipEntry("square-%02d.png".formatted(i)));
        zip.write(square(i, side));
      }
      if (images == 0) {
        zip.putNextEntry(new ZipEntry("readme.txt"));
      }
    }
    return bytes.toByteArray();
  }

  public static byte[] square(int i, int side) {
    float[] chw = new float[3 * side * side];
    for (int k = 0; k < chw.length; k++) {
      chw[k] = k % side < side / 2 ? -0.9f + 0.02f * i : 0.9f - 0.05f * i;
    }
    return Png.encode(Pixels.fromChw(chw, 0, 3, side, side));
  }

  /** A request for the tiny recipe on the squares. */
  public static String request(String id, String... changes) {
    String recipe = Recipes.TINY.strip();
    for (int i = 0; i < changes.length; i += 2) {
      if (!recipe.contains(changes[i])) {
        throw new AssertionError(changes[i] + " is not in the recipe");
      }
      recipe = recipe.replace(changes[i], changes[i + 1]);
    }
    return recipe
        .replace("\"dataset\": {", "\"dataset\": {\"reference\": \"" + DATA + "\", ")
        .replace("{\"model\"", "{\"id\": \"" + id + "\", \"model\"")
        .replace("\"version\": \"v1\", ", "");
  }

  public TrainingSettings settings(String name) {
    return settings(name, folder, Duration.ofMinutes(15), 1L << 30, Optional.empty());
  }

  /** Of a worker whose segments end after one step. */
  TrainingSettings shortSegments(String name) {
    return settings(name, folder, Duration.ofNanos(1), 1L << 30, Optional.empty());
  }

  public TrainingSettings cacheLimit(String name, long bytesMax) {
    return settings(name, folder, Duration.ofMinutes(15), bytesMax, Optional.empty());
  }

  public TrainingSettings datasetFolder(String name, Path datasets) {
    return settings(name, folder, Duration.ofMinutes(15), 1L << 30, Optional.of(datasets));
  }

  static TrainingSettings ownFolder(String name, Path folder) {
    return settings(name, folder, Duration.ofMinutes(15), 1L << 30, Optional.empty());
  }

  private static TrainingSettings settings(
      String name, Path folder, Duration segment, long cacheBytesMax, Optional<Path> datasets) {
    return new TrainingSettings(
        name,
        TrainingLimits.DEFAULT,
        segment,
        Duration.ofSeconds(20),
        folder.resolve("training"),
        folder.resolve("dataset-cache"),
        cacheBytesMax,
        datasets,
        new LeaseTiming(Duration.ofMillis(40), Duration.ofMillis(400)),
        InputRule.ANY);
  }

  public JobHandler<TrainingRequest> worker(String name, FaultInjector.Fault fault) {
    return worker(settings(name), fault);
  }

  public JobHandler<TrainingRequest> worker(TrainingSettings settings, FaultInjector.Fault fault) {
    FaultInjector injector = new FaultInjector(store, log, fault);
    InstantSource clock = () -> time.updateAndGet(t -> t.plusNanos(1_000));
    StoredModels models = new StoredModels(injector, folder.resolve("models"), Long.MAX_VALUE);
    TrainingJobKind work =
        new TrainingJobKind(
            injector,
            () -> device,
            name -> {
              ModelReference reference = ModelReference.parseName(name);
              if (reference instanceof ModelReference.Stored stored) {
                return models.open(stored);
              }
              throw new InvalidInputException("model", "there is no model " + name);
            },
            models,
            settings);
    return new JobHandler<>(
        work,
        injector,
        injector,
        cancelled::contains,
        new DeliverySettings(settings.worker(), 5, QUICK, clock));
  }

  public JobHandler<TrainingRequest> worker() {
    return worker("w1", FaultInjector.Fault.NONE);
  }

  public Delivery record(String json) {
    return new Delivery(
        "training",
        0,
        offsets.getAndIncrement(),
        1,
        json.getBytes(StandardCharsets.UTF_8),
        List.of());
  }

  /** The same record, redelivered to the next worker. */
  public static Delivery again(Delivery delivery) {
    return new Delivery(
        delivery.topic(),
        delivery.partition(),
        delivery.offset(),
        delivery.deliveryCount() + 1,
        delivery.value(),
        delivery.headers());
  }

  /** The continuation that a lane publishes after a segment. */
  Delivery copy(Delivery delivery) {
    List<Map.Entry<String, byte[]>> headers = new ArrayList<>(delivery.headers());
    headers.removeIf(header -> header.getKey().equals(Delivery.ORIGIN));
    headers.add(Map.entry(Delivery.ORIGIN, delivery.origin().getBytes(StandardCharsets.US_ASCII)));
    return new Delivery("training", 0, offsets.getAndIncrement(), 1, delivery.value(), headers);
  }

  /** Handles the job until its record is accepted; returns the number of deliveries. */
  int finish(JobHandler<?> worker, Delivery delivery) throws InterruptedException {
    Delivery next = delivery;
    for (int deliveries = 1; deliveries < 100; deliveries++) {
      Settlement settlement = worker.handle(next);
      if (settlement == Settlement.ACCEPT) {
        return deliveries;
      }
      next = settlement == Settlement.CONTINUE ? copy(next) : again(next);
    }
    throw new AssertionError("not finished after 100 deliveries");
  }

  /** Runs the job {@code whole} without interruption; returns the SHA-256 of its weights. */
  String runUninterrupted() throws InterruptedException {
    assertThat(worker().handle(record(request("whole")))).isEqualTo(Settlement.ACCEPT);
    return model("whole").weightsSha256();
  }

  /**
   * Kills a worker at one call after the other, each time in another job, which the next worker
   * then completes; at every ninth call, or with {@code -Dtraining.everyCall=true} at every one.
   *
   * @param requests by id
   * @param whole SHA-256 of the weights that each of them must end with
   * @return number of killed workers
   */
  int killAtEachCall(UnaryOperator<String> requests, String whole) throws InterruptedException {
    int died = 0;
    for (int n = 1; ; n += Boolean.getBoolean("training.everyCall") ? 1 : 9) {
      String id = "dies-" + n;
      Delivery record = record(requests.apply(id));
      Crash crash = new Crash(n, /* after= */ n % 2 == 0);
      boolean killed = crash.kills(worker("w1", crash), record);
      if (killed || crash.dead()) {
        died++;
        assertThat(worker("w2", FaultInjector.Fault.NONE).handle(again(record)))
            .as("after death at call %s", n)
            .isEqualTo(Settlement.ACCEPT);
      }
      assertThat(model(id).weightsSha256()).as("death at call %s", n).isEqualTo(whole);
      assertThat(log.ends(id).stream().map(JobEvent::id).distinct()).hasSize(1);
      if (!killed && !crash.dead()) {
        return died;
      }
    }
  }

  public Manifest manifest(String id) {
    return Manifest.parse(store.get(Keys.manifest(id)).orElseThrow().bytes());
  }

  public TrainedModel model(String id) {
    return (TrainedModel) manifest(id).result().orElseThrow();
  }

  JobRecord jobRecord(String id) {
    return JobRecord.parse(store.get(Keys.jobRecord(id)).orElseThrow().bytes());
  }

  CheckpointPointer pointer(String id) {
    return CheckpointPointer.parse(store.get(Keys.latestCheckpoint(id)).orElseThrow().bytes());
  }

  /** Checks what must hold for every completed job. */
  public void checkCompleted(String id) {
    assertThat(new HashSet<>(log.ends(id))).as("ends of %s", id).hasSize(1);
    assertThat(log.ends(id).get(0).type().wireName()).isEqualTo("completed");
    TrainedModel model = model(id);
    for (String key : model.keys()) {
      assertThat(store.get(key)).as(key).isPresent();
    }
    assertThat(new String(store.get(model.log()).orElseThrow().bytes(), StandardCharsets.UTF_8))
        .hasLineCount((int) model.iterations() + 1);
    assertThat(store.list(Keys.checkpoints(id))).containsExactlyElementsOf(model.checkpoints());
  }
}
