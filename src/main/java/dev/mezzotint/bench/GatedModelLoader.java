package dev.mezzotint.bench;

import dev.mezzotint.network.Engine;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.SamplingNetwork.Slots;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelLoader;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Loads models whose steps can be blocked between two passes, so that a worker and the bare network
 * can be measured alternately. Safe for use by many threads.
 */
final class GatedModelLoader implements ModelLoader {
  private final ModelLoader models;
  private final ReentrantLock gate = new ReentrantLock(/* fair= */ true);
  private final AtomicLong rows = new AtomicLong();

  GatedModelLoader(ModelLoader models) {
    this.models = models;
  }

  /** Waits for the current pass; no other starts until {@link #release}. */
  void hold() {
    gate.lock();
  }

  void release() {
    gate.unlock();
  }

  /** Rows evaluated so far, without padding. */
  long rowSteps() {
    return rows.get();
  }

  @Override
  public ModelInfo find(String reference, Optional<Engine> engine) {
    return models.find(reference, engine);
  }

  @Override
  public long bytes(ModelInfo model) {
    return models.bytes(model);
  }

  @Override
  public SamplingNetwork load(ModelInfo model) {
    SamplingNetwork network = models.load(model);
    return new SamplingNetwork() {
      @Override
      public float[] evaluate(float[] input, int height, int width, float[] t, long[] classes) {
        return network.evaluate(input, height, width, t, classes);
      }

      @Override
      public Slots slots(int count, int height, int width) {
        return gated(network.slots(count, height, width), /* spare= */ count - 1L);
      }

      @Override
      public void close() {
        network.close();
      }
    };
  }

  private SamplingNetwork.Slots gated(SamplingNetwork.Slots slots, long spare) {
    return new SamplingNetwork.Slots() {
      @Override
      public void put(long[] named, float[] x0, float[] condition) {
        slots.put(named, x0, condition);
      }

      @Override
      public void step(long[] named, float[] alpha, float[] coefficients, long[] classes) {
        gate.lock();
        try {
          slots.step(named, alpha, coefficients, classes);
          for (long slot : named) {
            if (slot != spare) {
              rows.incrementAndGet();
            }
          }
        } finally {
          gate.unlock();
        }
      }

      @Override
      public float[] take(long[] named) {
        return slots.take(named);
      }

      @Override
      public void close() {
        slots.close();
      }
    };
  }
}
