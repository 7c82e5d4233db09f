package dev.mezzotint.training;

import dev.mezzotint.network.TrainingNetwork.Batch;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Prepares the next steps' batches on a thread of its own while the device works. {@link #next} is
 * for one thread; closing stops the preparation.
 */
final class Prefetch implements AutoCloseable {
  /** A batch, or why there is none. */
  private sealed interface Prepared {
    record Ready(Batch batch) implements Prepared {}

    record Failed(RuntimeException cause) implements Prepared {}
  }

  private final BlockingQueue<Prepared> queue = new ArrayBlockingQueue<>(3);
  private final Thread thread;

  /**
   * @param first number of the first step
   * @param end number after the last
   */
  Prefetch(Batches batches, long first, long end) {
    thread = new Thread(() -> prepare(batches, first, end), "training-batches");
    thread.setDaemon(true);
    thread.start();
  }

  private void prepare(Batches batches, long first, long end) {
    try {
      for (long iteration = first; iteration < end; iteration++) {
        queue.put(new Prepared.Ready(batches.at(iteration)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      fail(new IllegalStateException("training pairs cannot be prepared: " + e, e));
    }
  }

  private void fail(RuntimeException cause) {
    queue.clear();
    queue.add(new Prepared.Failed(cause));
  }

  Batch next() throws InterruptedException {
    Prepared prepared = queue.take();
    if (prepared instanceof Prepared.Failed failed) {
      throw failed.cause();
    }
    return ((Prepared.Ready) prepared).batch();
  }

  /** Waits for the batch in hand: the caller may close the data set next. */
  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
