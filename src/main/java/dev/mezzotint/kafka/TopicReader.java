package dev.mezzotint.kafka;

import dev.mezzotint.job.TransientException;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * A thread that reads topics until it is closed. After any failure, of the broker or of its own
 * code, it logs and restarts.
 *
 * <p>Safe for use by many threads.
 */
public final class TopicReader implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TopicReader.class.getName());
  private static final long AGAIN_MILLIS_MIN = 1_000;
  private static final long AGAIN_MILLIS_MAX = 20_000;
  private static final long LONG_NANOS = 60_000_000_000L;
  private static final long END_MILLIS = 3_000;

  /** Opens its consumers, reads until {@link #closing} and closes them. */
  public interface Reading {
    void run() throws InterruptedException;
  }

  private final KafkaSettings settings;
  private final Reading reading;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile @Nullable String failure;

  /** Creates the thread without starting it. */
  public TopicReader(KafkaSettings settings, String name, Reading reading) {
    this.settings = settings;
    this.reading = reading;
    this.thread = new Thread(this::run, name);
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    try {
      long again = AGAIN_MILLIS_MIN;
      while (!closing()) {
        long begun = System.nanoTime();
        try {
          reading.run();
        } catch (KafkaException e) {
          failed(KafkaErrors.failure(settings, e));
        } catch (TransientException e) {
          failed(e);
        } catch (RuntimeException e) {
          LOG.log(Level.ERROR, thread.getName() + " failed and is restarting", e);
        }
        boolean worked = System.nanoTime() - begun > LONG_NANOS;
        again = worked ? AGAIN_MILLIS_MIN : Math.min(2 * again, AGAIN_MILLIS_MAX);
        pause(again);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void failed(RuntimeException e) {
    failure = KafkaErrors.message(e);
    LOG.log(Level.WARNING, "{0} failed and is restarting: {1}", thread.getName(), failure);
  }

  /** The last failure, in one sentence; empty if there was none. */
  Optional<String> failure() {
    return Optional.ofNullable(failure);
  }

  /** Returns whether the reading must end. */
  public boolean closing() {
    return closed.getCount() == 0;
  }

  /** Waits for the time or until closed. */
  public void pause(long millis) throws InterruptedException {
    boolean unused = closed.await(millis, TimeUnit.MILLISECONDS);
  }

  /** Opens a consumer as {@link KafkaSettings#consumer} configures it. */
  public static KafkaConsumer<byte[], byte[]> consumer(
      KafkaSettings settings, String clientId, Map<String, Object> more) {
    return KafkaErrors.open(
        settings,
        () ->
            new KafkaConsumer<>(
                settings.consumer(clientId, more),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer()));
  }

  /**
   * Assigns the partitions that topics have got since they were assigned, from their beginning.
   * Asks no broker: clients refresh their metadata regularly.
   *
   * @return the added ones
   */
  public static List<TopicPartition> assignAdded(
      Consumer<?, ?> consumer, Collection<String> topics) {
    List<TopicPartition> added =
        topics.stream()
            .flatMap(topic -> partitions(consumer, topic).stream())
            .filter(partition -> !consumer.assignment().contains(partition))
            .toList();
    if (!added.isEmpty()) {
      LOG.log(Level.INFO, "Reading added partitions: {0}", added);
      Set<TopicPartition> all = new HashSet<>(consumer.assignment());
      all.addAll(added);
      consumer.assign(all);
      consumer.seekToBeginning(added);
    }
    return added;
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
