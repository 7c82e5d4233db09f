package dev.mezzotint.bench;

import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.generation.GenerationJobKind;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.InstrumentedObjectStore;
import dev.mezzotint.sampling.ModelLoader;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopSettings;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.worker.Connections;
import dev.mezzotint.worker.GenerationRole;
import dev.mezzotint.worker.WorkerConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A worker put together from its parts, each of them timed. It consumes nothing before its queue is
 * started.
 */
public final class InstrumentedWorker implements AutoCloseable {
  /** The timed parts of a job in a lane, as {@link Stopwatch} names them. */
  static final List<String> PARTS =
      List.of("store: job record", "store: images", "store: manifest", "events: end");

  public final StepLoop loop;
  public final RequestQueue queue;
  private final ExecutorService encoders = Executors.newFixedThreadPool(4);

  /**
   * @param device null for a network that needs none
   * @param listener observes every delivery
   */
  public InstrumentedWorker(
      WorkerConfig config,
      Connections connections,
      ModelLoader models,
      @Nullable Device device,
      int lanes,
      Stopwatch watch,
      JobListener listener) {
    loop =
        new StepLoop(
            models,
            device == null
                ? StepLoopSettings.of(config.slots())
                : GenerationRole.loopSettings(config, device));
    DeliverySettings delivery = DeliverySettings.of(config.worker()).withListener(listener);
    ObjectStore store = new InstrumentedObjectStore(connections.store(), timed(watch));
    DeliveryHandler handler =
        new JobHandler<>(
            new GenerationJobKind(
                store,
                loop,
                encoders,
                GenerationLimits.DEFAULT,
                delivery.retryPolicy(),
                InputRule.ANY),
            store,
            new TimedEvents(connections.events(), watch),
            connections::cancelled,
            delivery);
    queue =
        RequestQueue.of(
            config.queue(),
            connections.kafka(),
            List.of(connections.kafka().topics().generationRequests()),
            lanes,
            record -> {
              watch.mark("taken");
              long start = System.nanoTime();
              try {
                return handler.handle(record);
              } finally {
                watch.add("delivery", System.nanoTime() - start);
                watch.mark("handled");
              }
            },
            topic -> false);
  }

  private static InstrumentedObjectStore.Around timed(Stopwatch watch) {
    return new InstrumentedObjectStore.Around() {
      @Override
      public <T> T call(InstrumentedObjectStore.Operation operation, String key, Supplier<T> call) {
        String part =
            key.endsWith("job.json")
                ? "store: job record"
                : key.endsWith("manifest.json") ? "store: manifest" : "store: images";
        return watch.time(part, call);
      }
    };
  }

  /** Starts the queue and returns once the step loop has run at full load for three seconds. */
  void startWarm() throws InterruptedException {
    queue.start();
    while (loop.metrics().running() == 0) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    TimeUnit.SECONDS.sleep(3);
  }

  /** Mean time of encoding an image of noise. */
  static double encodeMillis(int channels, int height, int width, int runs) {
    float[] noise = new float[channels * height * width];
    Noise.gaussian(/* seed= */ 1, /* index= */ 0, noise, /* offset= */ 0, noise.length);
    long start = System.nanoTime();
    for (int run = 0; run < runs; run++) {
      Png.encode(Pixels.fromChw(noise, 0, channels, height, width));
    }
    return (System.nanoTime() - start) / 1e6 / runs;
  }

  @Override
  public void close() {
    queue.drain(Duration.ofSeconds(1));
    encoders.shutdownNow();
    loop.close();
  }
}
