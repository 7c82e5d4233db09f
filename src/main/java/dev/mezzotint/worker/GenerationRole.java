package dev.mezzotint.worker;

import dev.mezzotint.delivery.DeliverySettings;
import dev.mezzotint.delivery.JobHandler;
import dev.mezzotint.generation.GenerationJobKind;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.job.DaemonThreads;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Device;
import dev.mezzotint.sampling.BatchCurves;
import dev.mezzotint.sampling.CanvasSampler;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.Previews;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopSettings;
import dev.mezzotint.storage.InputRule;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * Role {@code generation}: the lanes that take requests, the step loop that samples, and the
 * threads that encode and store images. Thread-safe.
 */
public final class GenerationRole implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(GenerationRole.class.getName());
  private static final int ENCODERS = 4;
  private static final long ENCODERS_END_SECONDS = 2;

  private final WorkerConfig settings;
  private final Device device;
  private final StepLoop loop;
  private final Previews previews = new Previews(System::nanoTime);
  private final ExecutorService encoders;
  private final RequestQueue queue;
  private final AutoCloseable passes;

  /**
   * Opens the device; takes no requests yet.
   *
   * @param wiring wraps the handler of deliveries
   */
  GenerationRole(
      WorkerConfig settings,
      Connections connections,
      InstantSource clock,
      UnaryOperator<DeliveryHandler> wiring) {
    this.settings = settings;
    this.device = Devices.open(settings);
    ModelResolver library =
        new ModelResolver(device, new ModelFinder(settings, connections.store())::named);
    this.loop = new StepLoop(library, loopSettings(settings, device));
    this.passes = connections.observers().passes(loop);
    this.encoders = Executors.newFixedThreadPool(ENCODERS, new DaemonThreads("encoder"));
    DeliverySettings delivery =
        DeliverySettings.of(settings.worker())
            .withClock(clock)
            .withListener(connections.observers().jobs(WorkerRole.GENERATION));
    DeliveryHandler handler =
        new JobHandler<>(
            new GenerationJobKind(
                connections.store(),
                previews.observe(new CanvasSampler(loop, encoders)),
                encoders,
                GenerationLimits.DEFAULT.withWebhooks(settings.webhookHosts()),
                delivery.retryPolicy(),
                settings.inputs().orElse(InputRule.ANY)),
            connections.store(),
            connections.events(),
            connections::cancelled,
            delivery);
    this.queue =
        RequestQueue.of(
            settings.queue(),
            connections.kafka(),
            connections.topics(WorkerRole.GENERATION),
            settings.lanes(),
            wiring.apply(handler),
            connections::heldBack);
  }

  public static StepLoopSettings loopSettings(WorkerConfig settings, Device device) {
    // In addition to models, a GPU needs memory for the values of a pass, a CPU for everything
    // else.
    // On a CPU, weights are in direct buffers, which by default may take as much as the heap.
    long share =
        device.name().equals("cpu")
            ? Math.min(device.memoryBytes() / 4, Runtime.getRuntime().maxMemory() / 4 * 3)
            : device.memoryBytes() / 2;
    return StepLoopSettings.of(settings.slots())
        .withPassMax(settings.passRows())
        .withPinned(settings.deterministic())
        .withModelBytesMax(settings.modelBytes() > 0 ? settings.modelBytes() : share)
        .withCurves(BatchCurves.cachedIn(settings.data().resolve("curves"), device.description()));
  }

  void start() {
    queue.start();
  }

  /** Whether its threads run and its device works, however long a job takes. */
  boolean live() {
    return loop.alive() && loop.healthy() && queue.alive();
  }

  void onDeviceGivenUp(Runnable action) {
    loop.onUnhealthy(action);
    if (!loop.healthy()) {
      action.run(); // it failed before the action was registered
    }
  }

  RequestQueue queue() {
    return queue;
  }

  Device device() {
    return device;
  }

  Previews previews() {
    return previews;
  }

  StepLoop loop() {
    return loop;
  }

  /** Stops taking requests, lets jobs reach a boundary, and completes the storing of images. */
  @Override
  public void close() {
    if (!queue.drain(settings.drain())) {
      LOG.log(
          System.Logger.Level.WARNING,
          "Jobs in progress were abandoned at shutdown: they took longer than"
              + " MEZZOTINT_DRAIN_SECONDS");
    }
    encoders.shutdown();
    try {
      encoders.awaitTermination(ENCODERS_END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      passes.close();
    } catch (Exception e) {
      LOG.log(System.Logger.Level.DEBUG, "The spans of the last passes were not written", e);
    }
    loop.close();
  }
}
