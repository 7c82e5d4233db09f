package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import java.util.function.BiPredicate;

/** Kills a worker at one of its calls: from then on none of its calls has an effect. */
public final class Crash implements FaultInjector.Fault {
  public static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  private final BiPredicate<Boolean, String> last;
  private int calls;
  private boolean dead;

  private Crash(BiPredicate<Boolean, String> last) {
    this.last = last;
  }

  /** At the n-th call from 1: before it takes effect, or after it did. */
  public Crash(int n, boolean after) {
    this.last = (isAfter, what) -> calls == n && isAfter == after;
  }

  /** Before the first call of this kind for this key takes effect. */
  public static Crash at(String call, String subject) {
    return new Crash((after, what) -> !after && what.equals(call + " " + subject));
  }

  @Override
  public synchronized void at(boolean after, String call, String subject) {
    if (!after) {
      calls++;
    }
    if (dead || last.test(after, call + " " + subject)) {
      dead = true;
      throw new Killed();
    }
  }

  public synchronized boolean dead() {
    return dead;
  }

  /** Lets a worker with this fault handle the record; returns whether it was killed. */
  public boolean kills(JobHandler<?> worker, Delivery delivery) throws InterruptedException {
    return kills(worker, delivery, this);
  }

  public static boolean kills(JobHandler<?> worker, Delivery delivery, FaultInjector.Fault fault)
      throws InterruptedException {
    try {
      worker.handle(delivery);
    } catch (Killed e) {
      return true;
    }
    return fault instanceof Crash crash && crash.dead();
  }
}
