package dev.mezzotint.network;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * The passes that engines run in this process, of all devices. Safe for use by many threads.
 *
 * <p>Engines unload themselves at the end of the process, and a pass that still runs then would
 * crash it: {@link #awaitQuiescence} waits for running passes and blocks all further ones.
 */
public final class DevicePasses {
  /** Passes hold the read lock; the write lock blocks all further passes. */
  private static final ReentrantReadWriteLock PASSES = new ReentrantReadWriteLock();

  private DevicePasses() {}

  /**
   * Runs a pass.
   *
   * @throws DeviceMemoryException if the device has too little memory for it
   */
  public static <T> T run(Supplier<T> pass) {
    PASSES.readLock().lock();
    try {
      return pass.get();
    } catch (RuntimeException e) {
      throw MemoryErrors.translate(e);
    } finally {
      PASSES.readLock().unlock();
    }
  }

  /**
   * Waits for running passes and blocks all further ones in this process. No thread may need a
   * device afterwards.
   *
   * @return whether the running passes ended within the limit
   */
  public static boolean awaitQuiescence(Duration limit) throws InterruptedException {
    return PASSES.writeLock().tryLock(limit.toMillis(), TimeUnit.MILLISECONDS);
  }
}
