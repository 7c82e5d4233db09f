package dev.mezzotint.kafka;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A thread that reads the group's lag every second into a {@link TopicBacklogEstimate}. */
final class LagPoller implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LagPoller.class.getName());
  private static final long PERIOD_MILLIS = 1_000;

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
    try (GroupOffsets offsets = new GroupOffsets(settings)) {
      while (!closing.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
        poll(offsets);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void poll(GroupOffsets offsets) throws InterruptedException {
    Map<String, Long> lags = Map.of();
    try {
      lags = offsets.shareLags(topics);
    } catch (RuntimeException e) {
      // Without a lag, lanes visit the topics themselves.
      LOG.log(Level.DEBUG, "the group's lag cannot be read", e);
    }
    for (String topic : topics) {
      Long lag = lags.get(topic);
      backlog.updateLag(topic, lag == null ? OptionalLong.empty() : OptionalLong.of(lag));
    }
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
