package dev.mezzotint.delivery;

import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Allows one delivery per job id at a time within this process: a duplicate waits for the first one
 * and then finds its manifest instead of repeating the work. Processes do not wait for each other;
 * between them the store decides. Safe for use by many threads.
 */
final class KeyedLock {
  private static final long POLL_MILLIS = 50;

  private final Set<String> taken = new HashSet<>();

  /**
   * Waits until no other thread of this process holds the id.
   *
   * @return false if {@code stop} became true first; the id is then not held
   */
  synchronized boolean lock(String id, BooleanSupplier stop) throws InterruptedException {
    while (!taken.add(id)) {
      if (stop.getAsBoolean()) {
        return false;
      }
      wait(POLL_MILLIS);
    }
    return true;
  }

  synchronized void unlock(String id) {
    taken.remove(id);
    notifyAll();
  }
}
