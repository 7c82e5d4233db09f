package dev.mezzotint.training;

import dev.mezzotint.job.DaemonThreads;
import dev.mezzotint.network.TrainingNetwork.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Prepares batches ahead while the device works: one thread takes the steps in order, and several
 * threads draw and decode the rows of each. {@link #next} is for one thread.
 */
final class Prefetch implements AutoCloseable {
  private static final int AHEAD = 3;

  /** A batch, or the failure to prepare it. */
  private sealed interface Prepared {
    record Ready(Batch batch) implements Prepared {}

    record Failed(RuntimeException cause) implements Prepared {}
  }

  private final BlockingQueue<Prepared> queue = new ArrayBlockingQueue<>(AHEAD);
  private final ExecutorService pool;
  private final int threads;
  private final Thread thread;

  /**
   * @param first number of the first step
   * @param end number after the last
   */
  Prefetch(Batches batches, long first, long end) {
    this(batches, first, end, threads());
  }

  /** Half of the processors: the other half runs the step or feeds the device. */
  private static int threads() {
    return Math.max(2, Math.min(8, Runtime.getRuntime().availableProcessors() / 2));
  }

  Prefetch(Batches batches, long first, long end, int threads) {
    this.threads = Math.min(threads, batches.rows());
    this.pool = Executors.newFixedThreadPool(this.threads, new DaemonThreads("training-rows"));
    thread = new Thread(() -> prepare(batches, first, end), "training-batches");
    thread.setDaemon(true);
    thread.start();
  }

  private void prepare(Batches batches, long first, long end) {
    try {
      for (long iteration = first; iteration < end; iteration++) {
        queue.put(new Prepared.Ready(batch(batches, iteration)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      fail(new IllegalStateException("training pairs cannot be prepared: " + e, e));
    }
  }

  private Batch batch(Batches batches, long iteration) throws InterruptedException {
    Batch batch = batches.empty();
    List<Future<?>> parts = new ArrayList<>();
    for (int part = 0; part < threads; part++) {
      int from = part * batch.rows() / threads;
      int to = (part + 1) * batch.rows() / threads;
      parts.add(pool.submit(() -> batches.fill(batch, iteration, from, to)));
    }
    for (Future<?> part : parts) {
      await(part);
    }
    batches.couple(batch);
    return batch;
  }

  private static void await(Future<?> part) throws InterruptedException {
    try {
      part.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
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

  /** Stops, and waits for rows in progress: the caller may close the data set next. */
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
    pool.shutdownNow();
    while (!pool.isTerminated()) {
      try {
        pool.awaitTermination(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
