package dev.mezzotint.delivery;

import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * One delivery per job id at a time within this process: a duplicate waits for the first and then
 * finds its manifest, instead of doing the work once more. Between processes nobody waits; there
 * the store decides. Safe for use by many threads.
 */
final class KeyedLock {
  private static final long POLL_MILLIS = 50;

  private final Set<String> taken = new HashSet<>();

  /**
   * Waits until nobody else in this process works on the id.
   *
   * @return false if {@code stop} came first: then there is nothing to leave
   */
  synchronized boolean enter(String id, BooleanSupplier stop) throws InterruptedException {
    while (!taken.add(id)) {
      if (stop.getAsBoolean()) {
        return false;
      }
      wait(POLL_MILLIS);
    }
    return true;
  }

  synchronized void leave(String id) {
    taken.remove(id);
    notifyAll();
  }
}
