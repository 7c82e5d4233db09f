package dev.mezzotint.worker;

import dev.mezzotint.torch.TorchDevice;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The end of a command that uses a device, by SIGTERM or Ctrl-C: first what wants to be finished,
 * then the devices stand still. (A worker has an order of its own, {@link WorkerLifecycle}.) Safe
 * for use by many threads.
 */
final class ShutdownSequence {
  /** A pass on two cores takes seconds at worst; whoever sent the signal waits half a minute. */
  private static final Duration PASS_LIMIT = Duration.ofSeconds(4);

  private final List<Runnable> first = new CopyOnWriteArrayList<>();
  private final AtomicBoolean begun = new AtomicBoolean();

  /** From now on the process ends in order; more calls change nothing. */
  void begin() {
    if (begun.compareAndSet(false, true)) {
      Runtime.getRuntime().addShutdownHook(new Thread(this::end, "ending"));
    }
  }

  /** Returns how to forget it. */
  Runnable add(Runnable toEnd) {
    begin();
    first.add(toEnd);
    return () -> first.remove(toEnd);
  }

  private void end() {
    first.forEach(Runnable::run);
    try {
      TorchDevice.awaitQuiescence(PASS_LIMIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
