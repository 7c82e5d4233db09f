package dev.mezzotint.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.kafka.EventJson;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.PartitionProgress;
import dev.mezzotint.kafka.TopicReader;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Sends the terminal event of each job whose request has a webhook to its address, at least once.
 * Reads the events topic; a partition's offset is committed up to the first event that is neither
 * delivered nor given up, so a restart loses none, and repeats some under the same ids.
 *
 * <p>A receiver that fails is tried again, less and less often, until the time limit. After that it
 * gets one attempt for each further event until it answers again: so it delays those that share a
 * partition with it once, for that time at most.
 *
 * <p>Safe for use by many threads; several instances divide the partitions among themselves.
 */
public final class WebhookDispatcher implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(WebhookDispatcher.class.getName());
  private static final Duration POLL = Duration.ofMillis(100);
  private static final int GONE = 410;

  /** Events that wait for their delivery; no more are read meanwhile. */
  private static final int WAITING_MAX = 1_000;

  private static final long WAITING_BYTES_MAX = 64L << 20;
  private static final int CALLS_MAX = 32;
  private static final int RECEIVER_CALLS_MAX = 8;

  /** Delivered events that are remembered, since they may be published again. */
  private static final int DELIVERED_MAX = 10_000;

  private final KafkaSettings settings;
  private final WebhookHosts hosts;
  private final WebhookSender sender;
  private final RetryPolicy retryPolicy;
  private final TopicReader reader;
  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final AtomicLong deliveredCount = new AtomicLong();
  private final AtomicLong givenUpCount = new AtomicLong();
  private volatile int waitingCount;

  // All below for the reader's thread.
  private final Map<String, WebhookCall> waiting = new LinkedHashMap<>();
  private final Map<TopicPartition, PartitionProgress> progress = new HashMap<>();
  private final Map<String, Integer> callsOf = new HashMap<>();
  private final Set<String> failing = new HashSet<>();
  private final Map<String, Boolean> delivered =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > DELIVERED_MAX;
        }
      };
  private long waitingBytes;
  private int calls;

  /**
   * The end of a call.
   *
   * @param status 0 without an answer
   */
  private record Answer(WebhookCall call, int status, String reason) {
    boolean good() {
      return status >= 200 && status < 300;
    }
  }

  /**
   * Starts reading; the events topic must exist.
   *
   * @param hosts to which webhooks are sent; others are left out
   * @param sender closed by this class
   * @param retryPolicy its timeout is that of one event, from its first attempt
   */
  public WebhookDispatcher(
      KafkaSettings settings, WebhookHosts hosts, WebhookSender sender, RetryPolicy retryPolicy) {
    this.settings = settings;
    this.hosts = hosts;
    this.sender = sender;
    this.retryPolicy = retryPolicy;
    this.reader = new TopicReader(settings, "webhook-dispatcher", this::run);
    reader.start();
  }

  public long delivered() {
    return deliveredCount.get();
  }

  /** Events that receivers did not accept in time. */
  public long givenUp() {
    return givenUpCount.get();
  }

  public int waiting() {
    return waitingCount;
  }

  private void run() throws InterruptedException {
    try (KafkaConsumer<byte[], byte[]> consumer =
        TopicReader.consumer(
            settings, "mezzotint-webhooks", Map.of("group.id", settings.groupId() + "-webhooks"))) {
      consumer.subscribe(List.of(settings.topics().events()), new Handover(consumer));
      while (!reader.closing()) {
        if (waiting.size() >= WAITING_MAX || waitingBytes >= WAITING_BYTES_MAX) {
          consumer.pause(consumer.assignment());
        } else {
          consumer.resume(consumer.paused());
        }
        consumer.poll(POLL).forEach(this::take);
        for (Answer answer = answers.poll(); answer != null; answer = answers.poll()) {
          settle(answer);
        }
        send();
        commit(consumer);
        waitingCount = waiting.size();
      }
    } finally {
      forget(Set.copyOf(progress.keySet())); // read again after a restart
    }
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
    PartitionProgress of = progress.computeIfAbsent(partition, added -> new PartitionProgress());
    of.add(record.offset());
    Optional<URI> address = address(record);
    Optional<JobEvent> event =
        address.isEmpty()
            ? Optional.empty()
            : EventJson.read(record.value()).filter(read -> read.type().terminal());
    if (event.isEmpty() || delivered.containsKey(event.get().id())) {
      of.settle(record.offset());
      return;
    }
    waiting
        .computeIfAbsent(
            event.get().id(),
            id -> {
              waitingBytes += record.value().length;
              return new WebhookCall(id, address.orElseThrow(), record.value());
            })
        .positions()
        .add(new WebhookCall.Position(partition, record.offset()));
  }

  private Optional<URI> address(ConsumerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader("ce_" + EventContext.WEBHOOK);
    return header == null
        ? Optional.empty()
        : WebhookHosts.parse(new String(header.value(), UTF_8)).filter(hosts::allows);
  }

  private void send() {
    for (WebhookCall call : waiting.values()) {
      String receiver = call.address().getAuthority();
      int open = callsOf.getOrDefault(receiver, 0);
      if (calls < CALLS_MAX && open < RECEIVER_CALLS_MAX && call.isDue()) {
        calls++;
        callsOf.put(receiver, open + 1);
        call.sending();
        var unused =
            sender
                .send(call.address(), call.eventId(), call.body())
                .whenComplete((status, failure) -> answers.add(answer(call, status, failure)));
      }
    }
  }

  private static Answer answer(
      WebhookCall call, @Nullable Integer status, @Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return status == null
        ? new Answer(call, 0, String.valueOf(cause))
        : new Answer(call, status, "it answers " + status);
  }

  private void settle(Answer answer) {
    WebhookCall call = answer.call();
    String receiver = call.address().getAuthority();
    calls--;
    int open = callsOf.getOrDefault(receiver, 1) - 1;
    if (open == 0) {
      callsOf.remove(receiver);
    } else {
      callsOf.put(receiver, open);
    }
    if (waiting.get(call.eventId()) != call) {
      return; // its partition is another process's now
    }
    if (answer.good()) {
      failing.remove(receiver);
      delivered.put(call.eventId(), true);
      deliveredCount.incrementAndGet();
      end(call);
    } else if (answer.status() == GONE
        || failing.contains(receiver)
        || call.isOlderThan(retryPolicy.timeout())) {
      failing.add(receiver);
      givenUpCount.incrementAndGet();
      LOG.log(
          Level.WARNING,
          "Webhook of event {0} to {1} is given up after {2} attempts: {3}",
          call.eventId(),
          receiver,
          call.attempts(),
          answer.reason());
      end(call);
    } else {
      LOG.log(
          Level.DEBUG,
          "Webhook of event {0} to {1} failed: {2}",
          call.eventId(),
          receiver,
          answer.reason());
      call.postpone(retryPolicy.pauseAfter(call.attempts()));
    }
  }

  private void end(WebhookCall call) {
    waiting.remove(call.eventId());
    waitingBytes -= call.body().length;
    for (WebhookCall.Position position : call.positions()) {
      PartitionProgress of = progress.get(position.partition());
      if (of != null) {
        of.settle(position.offset());
      }
    }
  }

  private void commit(KafkaConsumer<byte[], byte[]> consumer) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    progress.forEach(
        (partition, of) -> {
          if (of.moved()) {
            offsets.put(partition, new OffsetAndMetadata(of.committable()));
          }
        });
    if (!offsets.isEmpty()) {
      consumer.commitSync(offsets);
      offsets.forEach(
          (partition, offset) -> {
            PartitionProgress of = progress.get(partition);
            if (of != null) {
              of.committed(offset.offset());
            }
          });
    }
  }

  /** Forgets partitions that this process has no longer, and the calls for their events. */
  private void forget(Collection<TopicPartition> partitions) {
    progress.keySet().removeAll(partitions);
    for (Iterator<WebhookCall> all = waiting.values().iterator(); all.hasNext(); ) {
      WebhookCall call = all.next();
      call.positions().removeIf(position -> partitions.contains(position.partition()));
      if (call.positions().isEmpty()) {
        waitingBytes -= call.body().length;
        all.remove();
      }
    }
  }

  /** Runs within the consumer's poll. */
  private final class Handover implements ConsumerRebalanceListener {
    private final KafkaConsumer<byte[], byte[]> consumer;

    Handover(KafkaConsumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      commit(consumer);
      forget(partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      forget(partitions);
    }
  }

  @Override
  public void close() {
    reader.close();
    sender.close();
  }
}
