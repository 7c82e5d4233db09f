package dev.mezzotint.bench;

import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.generation.GenerationJobKind;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.InstrumentedObjectStore;
import dev.mezzotint.sampling.ModelLoader;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopSettings;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.worker.Connections;
import dev.mezzotint.worker.GenerationRole;
import dev.mezzotint.worker.WorkerConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The parts of a worker, with a clock on each; takes nothing until its queue is started. */
public final class InstrumentedWorker implements AutoCloseable {
  public final StepLoop loop;
  public final RequestQueue queue;
  private final ExecutorService encoders = Executors.newFixedThreadPool(4);

  public InstrumentedWorker(
      WorkerConfig settings,
      Connections connections,
      ModelLoader shelf,
      @Nullable Device device,
      int lanes,
      Stopwatch watch) {
    this(settings, connections, shelf, device, lanes, watch, JobListener.NONE);
  }

  /**
   * @param listener hears of every delivery
   */
  InstrumentedWorker(
      WorkerConfig settings,
      Connections connections,
      ModelLoader shelf,
      @Nullable Device device,
      int lanes,
      Stopwatch watch,
      JobListener listener) {
    loop =
        new StepLoop(
            shelf,
            device == null
                ? StepLoopSettings.of(settings.slots())
                : GenerationRole.loopSettings(settings, device));
    DeliverySettings delivery = DeliverySettings.of(settings.worker()).withListener(listener);
    ObjectStore store = new InstrumentedObjectStore(connections.store(), timed(watch));
    DeliveryHandler handler =
        new JobHandler<>(
            new GenerationJobKind(
                store, loop, encoders, GenerationLimits.DEFAULT, delivery.patience()),
            store,
            new TimedEvents(connections.events(), watch),
            connections::cancelled,
            delivery);
    queue =
        RequestQueue.of(
            settings.queue(),
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
        String about =
            key.endsWith("job.json")
                ? "store: job record"
                : key.endsWith("manifest.json") ? "store: manifest" : "store: images";
        return watch.time(about, call);
      }
    };
  }

  @Override
  public void close() {
    queue.drain(Duration.ofSeconds(1));
    encoders.shutdownNow();
    loop.close();
  }
}
