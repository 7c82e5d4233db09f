package dev.mezzotint.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A thread that tells a {@link TopicBacklogEstimate} every second how far the group is behind. */
final class LagPoller implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(LagPoller.class.getName());
  private static final long PERIOD_MILLIS = 1_000;
  private static final Duration CALL_LIMIT = Duration.ofSeconds(5);

  private final KafkaSettings settings;
  private final List<String> topics;
  private final TopicBacklogEstimate backlog;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "mezzotint-lag");

  LagPoller(KafkaSettings settings, List<String> topics, TopicBacklogEstimate backlog) {
    this.settings = settings;
    this.topics = topics;
    this.backlog = backlog;
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try (KafkaCluster cluster = new KafkaCluster(settings, CALL_LIMIT)) {
      while (!closing.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
        look(cluster);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(KafkaCluster cluster) {
    Map<String, OptionalLong> lags = new HashMap<>();
    try {
      lags.putAll(cluster.lags(topics));
    } catch (RuntimeException e) {
      // Lanes then go and look for themselves.
      LOG.log(Level.FINE, "the group's lag cannot be read", e);
    }
    topics.forEach(
        topic -> backlog.updateLag(topic, lags.getOrDefault(topic, OptionalLong.empty())));
  }

  @Override
  public void close() {
    closing.countDown();
    thread.interrupt();
    try {
      thread.join(3_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
