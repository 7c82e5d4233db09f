package dev.mezzotint.worker;

import dev.mezzotint.generation.GenerationHandler;
import dev.mezzotint.generation.GenerationSettings;
import dev.mezzotint.generation.LoopSettings;
import dev.mezzotint.generation.ModelShelf;
import dev.mezzotint.generation.StepLoop;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Device;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** The parts of a worker, with a clock on each; takes nothing until its queue is started. */
final class BenchAssembly implements AutoCloseable {
  final StepLoop loop;
  final RequestQueue queue;
  private final ExecutorService encoders = Executors.newFixedThreadPool(4);

  BenchAssembly(
      Settings settings,
      Connections connections,
      ModelShelf shelf,
      @Nullable Device device,
      int lanes,
      Stopwatch watch) {
    loop =
        new StepLoop(
            shelf,
            device == null
                ? LoopSettings.of(settings.slots())
                : GenerationRole.loopSettings(settings, device));
    DeliveryHandler handler =
        new GenerationHandler(
            new TimedStore(connections.store(), watch),
            loop,
            new TimedEvents(connections.events(), watch),
            connections::cancelled,
            encoders,
            GenerationSettings.of(settings.worker()));
    queue =
        RequestQueue.of(
            settings.queue(),
            connections.kafka(),
            List.of(connections.kafka().topics().generationRequests()),
            lanes,
            delivery -> {
              long start = System.nanoTime();
              try {
                return handler.handle(delivery);
              } finally {
                watch.add("delivery", System.nanoTime() - start);
              }
            },
            topic -> false);
  }

  @Override
  public void close() {
    queue.drain(Duration.ofSeconds(1));
    encoders.shutdownNow();
    loop.close();
  }
}
