package dev.mezzotint.worker;

import dev.mezzotint.network.DevicePasses;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Shuts down a command that uses a device after SIGTERM or Ctrl-C: runs the registered actions,
 * then waits for the devices. A worker has an order of its own, {@link WorkerLifecycle}.
 * Thread-safe.
 */
final class ShutdownSequence {
  /** A pass on two cores takes seconds at worst; the sender of the signal waits half a minute. */
  private static final Duration PASS_LIMIT = Duration.ofSeconds(4);

  private final List<Runnable> first = new CopyOnWriteArrayList<>();
  private final AtomicBoolean begun = new AtomicBoolean();

  /** Installs the shutdown hook, once. */
  void begin() {
    if (begun.compareAndSet(false, true)) {
      Runtime.getRuntime().addShutdownHook(new Thread(this::end, "ending"));
    }
  }

  /** Registers an action; the result removes it again. */
  Runnable add(Runnable toEnd) {
    begin();
    first.add(toEnd);
    return () -> first.remove(toEnd);
  }

  private void end() {
    first.forEach(Runnable::run);
    try {
      DevicePasses.awaitQuiescence(PASS_LIMIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
