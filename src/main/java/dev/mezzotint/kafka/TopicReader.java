package dev.mezzotint.kafka;

import dev.mezzotint.job.TransientException;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A thread that reads topics until it is closed. Whatever ends a reading before that, a broker that
 * has gone or a defect of ours, it begins anew: what hangs on it must not stop without a word.
 *
 * <p>Safe for use by many threads.
 */
public final class TopicReader implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TopicReader.class.getName());
  private static final long AGAIN_MILLIS = 1_000;
  private static final long END_MILLIS = 3_000;

  /** Opens what it needs, reads until {@link #closing}, and closes it. */
  public interface Reading {
    void run() throws InterruptedException;
  }

  private final Reading reading;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  /** Does nothing before {@link #start}. */
  public TopicReader(String name, Reading reading) {
    this.reading = reading;
    this.thread = new Thread(this::run, name);
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    try {
      while (!closing()) {
        try {
          reading.run();
        } catch (KafkaException | TransientException e) {
          LOG.log(Level.WARNING, "{0} begins anew: {1}", thread.getName(), e.getMessage());
        } catch (RuntimeException e) {
          LOG.log(Level.ERROR, thread.getName() + " begins anew", e);
        }
        pause(AGAIN_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** True once the reading is to end. */
  public boolean closing() {
    return closed.getCount() == 0;
  }

  /** Waits, or until it is closed. */
  public void pause(long millis) throws InterruptedException {
    boolean unused = closed.await(millis, TimeUnit.MILLISECONDS);
  }

  /** From the oldest record on, committing nothing by itself. */
  public static KafkaConsumer<byte[], byte[]> consumer(
      KafkaSettings settings, String clientId, Map<String, Object> more) {
    Map<String, Object> config = settings.client(clientId, more);
    config.put("enable.auto.commit", "false");
    config.put("auto.offset.reset", "earliest");
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join(END_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
