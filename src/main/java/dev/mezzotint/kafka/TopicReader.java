package dev.mezzotint.kafka;

import dev.mezzotint.job.TransientException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A thread that reads topics until it is closed. After any failure, of the broker or of its own
 * code, it logs and restarts.
 *
 * <p>Safe for use by many threads.
 */
public final class TopicReader implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TopicReader.class.getName());
  private static final long AGAIN_MILLIS = 1_000;
  private static final long END_MILLIS = 3_000;

  /** Opens its consumers, reads until {@link #closing} and closes them. */
  public interface Reading {
    void run() throws InterruptedException;
  }

  private final Reading reading;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  /** Creates the thread without starting it. */
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
          LOG.log(
              Level.WARNING, "{0} failed and is restarting: {1}", thread.getName(), e.getMessage());
        } catch (RuntimeException e) {
          LOG.log(Level.ERROR, thread.getName() + " failed and is restarting", e);
        }
        pause(AGAIN_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns whether the reading must end. */
  public boolean closing() {
    return closed.getCount() == 0;
  }

  /** Waits for the time or until closed. */
  public void pause(long millis) throws InterruptedException {
    boolean unused = closed.await(millis, TimeUnit.MILLISECONDS);
  }

  /** Opens a consumer that starts at the oldest record and commits nothing by itself. */
  public static KafkaConsumer<byte[], byte[]> consumer(
      KafkaSettings settings, String clientId, Map<String, Object> more) {
    Map<String, Object> config = settings.client(clientId, more);
    config.put("enable.auto.commit", "false");
    config.put("auto.offset.reset", "earliest");
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** All partitions of a topic; empty if the topic does not exist. */
  public static List<TopicPartition> partitions(Consumer<?, ?> consumer, String topic) {
    return consumer.partitionsFor(topic).stream()
        .map(p -> new TopicPartition(p.topic(), p.partition()))
        .toList();
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
