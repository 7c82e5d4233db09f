package dev.mezzotint.bench;

import dev.mezzotint.network.SamplingNetwork;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** Passes of a real network in real time; their results are discarded. */
final class RealTimePasses implements ServingModes.Passes {
  private final SamplingNetwork.Slots slots;
  private final long start = System.nanoTime();

  /**
   * @param slots with slot 0 free for these passes
   */
  RealTimePasses(SamplingNetwork.Slots slots) {
    this.slots = slots;
  }

  @Override
  public long now() {
    return System.nanoTime() - start;
  }

  @Override
  public void await(long nanos) {
    for (long left = nanos - now(); left > 0; left = nanos - now()) {
      LockSupport.parkNanos(left);
    }
  }

  @Override
  public void pass(int size) {
    long[] named = new long[size];
    Arrays.fill(named, 0);
    slots.step(named, new float[size], new float[4 * size], new long[size]);
    slots.take(new long[] {0}); // waits for asynchronous devices
  }
}
