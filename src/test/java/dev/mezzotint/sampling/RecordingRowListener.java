package dev.mezzotint.sampling;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Records the calls of a row listener. */
public class RecordingRowListener implements Sampler.RowListener {
  public final Map<Integer, float[]> images = new TreeMap<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private final int rows;
  public int stages;
  public int failures;
  @Nullable public RuntimeException failure;

  public RecordingRowListener(int rows) {
    this.rows = rows;
  }

  @Override
  public synchronized void advanced(int more) {
    stages += more;
  }

  @Override
  public synchronized void finished(int row, float[] chw) {
    if (images.put(row, chw) != null) {
      throw new AssertionError("row " + row + " finished twice");
    }
    if (images.size() == rows) {
      over.countDown();
    }
  }

  @Override
  public synchronized void failed(RuntimeException cause) {
    failure = cause;
    failures++;
    over.countDown();
  }

  /** Waits for the last row or a failure. */
  public final RecordingRowListener await() throws InterruptedException {
    if (!over.await(20, TimeUnit.SECONDS)) {
      throw new AssertionError("no further call after " + images.keySet());
    }
    return this;
  }
}
