package dev.mezzotint.kafka;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Reads the group's lag every second into a {@link TopicBacklogEstimate}, on a thread of its own.
 */
final class LagPoller implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LagPoller.class.getName());
  private static final long PERIOD_MILLIS = 1_000;

  private final KafkaSettings settings;
  private final List<String> topics;
  private final TopicBacklogEstimate backlog;
  private final TopicReader thread;

  LagPoller(KafkaSettings settings, List<String> topics, TopicBacklogEstimate backlog) {
    this.settings = settings;
    this.topics = topics;
    this.backlog = backlog;
    this.thread = new TopicReader(settings, "mezzotint-lag", this::run);
    thread.start();
  }

  private void run() throws InterruptedException {
    try (GroupOffsets offsets = new GroupOffsets(settings)) {
      while (!thread.closing()) {
        poll(offsets);
        thread.pause(PERIOD_MILLIS);
      }
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
    thread.close();
  }
}
