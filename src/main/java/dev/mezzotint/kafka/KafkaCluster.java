package dev.mezzotint.kafka;

import static java.util.Objects.requireNonNull;

import dev.mezzotint.job.TransientException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/**
 * What must stand on the cluster before work begins: topics, and the settings of the share group.
 * Whatever the credentials do not permit is logged with the command that an operator can run.
 *
 * <p>Not safe for use by several threads.
 */
public final class KafkaCluster implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(KafkaCluster.class.getName());
  private static final Duration CALL_LIMIT = Duration.ofSeconds(25);
  private static final int DELIVERY_LIMIT_DEFAULT = 5;

  /** A request with a small inline image fits; so does the noise that somebody may send. */
  private static final int REQUEST_BYTES_MAX = 4 << 20;

  /** A refused request and the headers that say why. */
  private static final int DEAD_BYTES_MAX = REQUEST_BYTES_MAX + (1 << 20);

  private final KafkaSettings settings;
  private final Duration callLimit;
  private final Admin admin;

  /** Connects to nothing yet; each call waits up to 25 s for a broker. */
  public KafkaCluster(KafkaSettings settings) {
    this(settings, CALL_LIMIT);
  }

  KafkaCluster(KafkaSettings settings, Duration callLimit) {
    this.settings = settings;
    this.callLimit = callLimit;
    this.admin =
        Admin.create(
            settings.client(
                "mezzotint-admin",
                Map.of(
                    "default.api.timeout.ms", (int) callLimit.toMillis(),
                    "request.timeout.ms", (int) Math.min(callLimit.toMillis(), 10_000))));
  }

  /**
   * Creates the topics that are missing; the cluster's defaults say how they are replicated. A
   * request topic has one partition, since the members of a share group divide partitions among
   * themselves and a lane must see every request.
   *
   * @throws TransientException if no broker answers
   */
  public void ensureTopics() {
    Topics topics = settings.topics();
    List<NewTopic> wanted = new ArrayList<>();
    for (String requests : topics.requests()) {
      wanted.add(topic(requests, Map.of("max.message.bytes", "" + REQUEST_BYTES_MAX)));
    }
    wanted.add(topic(topics.control(), Map.of("cleanup.policy", "compact")));
    wanted.add(topic(topics.events(), Map.of()));
    wanted.add(topic(topics.dead(), Map.of("max.message.bytes", "" + DEAD_BYTES_MAX)));
    ensure(wanted);
  }

  /** Creates request topics beyond the standard ones, such as those of other priorities. */
  void ensureRequestTopics(Collection<String> names) {
    ensure(
        names.stream()
            .map(name -> topic(name, Map.of("max.message.bytes", "" + REQUEST_BYTES_MAX)))
            .toList());
  }

  private static NewTopic topic(String name, Map<String, String> configs) {
    return new NewTopic(name, Optional.of(1), Optional.empty()).configs(configs);
  }

  private void ensure(List<NewTopic> topics) {
    admin
        .createTopics(topics)
        .values()
        .forEach(
            (name, created) -> {
              try {
                await(created);
              } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                  LOG.log(
                      Level.WARNING,
                      "Could not create topic {0} ({1}). If it is missing, run: kafka-topics.sh"
                          + " --bootstrap-server {2} --create --topic {0} --partitions 1",
                      new Object[] {name, message(e), settings.bootstrapServers()});
                }
              }
            });
  }

  /**
   * Tells the group to begin with the oldest request, which is not the default, and how long its
   * locks are to hold.
   */
  void prepareGroup() {
    Map<String, String> wanted = new HashMap<>();
    wanted.put("share.auto.offset.reset", "earliest");
    settings
        .lockDuration()
        .map(Duration::toMillis)
        .ifPresent(millis -> wanted.put("share.record.lock.duration.ms", Long.toString(millis)));
    List<AlterConfigOp> operations =
        wanted.entrySet().stream()
            .map(
                e ->
                    new AlterConfigOp(
                        new ConfigEntry(e.getKey(), e.getValue()), AlterConfigOp.OpType.SET))
            .toList();
    try {
      await(admin.incrementalAlterConfigs(Map.of(group(), operations)).all());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnsupportedVersionException) {
        throw new IllegalStateException(
            "the cluster at "
                + settings.bootstrapServers()
                + " does not know share groups: Kafka 4.2 or newer is needed",
            e);
      }
      String pairs =
          String.join(
              ",", wanted.entrySet().stream().map(p -> p.getKey() + "=" + p.getValue()).toList());
      LOG.log(
          Level.WARNING,
          "Could not set {0} for group {1} ({2}): requests sent before the first worker started may"
              + " be skipped. Run: kafka-configs.sh --bootstrap-server {3} --alter --entity-type"
              + " groups --entity-name {1} --add-config {0}",
          new Object[] {pairs, settings.groupId(), message(e), settings.bootstrapServers()});
    }
  }

  /** How many deliveries the broker gives a record before it drops it without a word. */
  int deliveryLimit() {
    try {
      Collection<Node> nodes = await(admin.describeCluster().nodes());
      String id = nodes.iterator().next().idString();
      ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, id);
      // Later brokers let the group override the broker.
      Optional<Integer> ofGroup = integer(group(), "share.delivery.count.limit");
      return ofGroup
          .or(() -> integer(broker, "group.share.delivery.count.limit"))
          .orElse(DELIVERY_LIMIT_DEFAULT);
    } catch (ExecutionException e) {
      return DELIVERY_LIMIT_DEFAULT;
    }
  }

  private Optional<Integer> integer(ConfigResource resource, String name) {
    try {
      Config config =
          requireNonNull(await(admin.describeConfigs(List.of(resource)).all()).get(resource));
      ConfigEntry entry = config.get(name);
      return entry == null || entry.value() == null
          ? Optional.empty()
          : Optional.of(Integer.valueOf(entry.value()));
    } catch (ExecutionException e) {
      LOG.log(Level.FINE, "{0} cannot be read: {1}", new Object[] {name, message(e)});
      return Optional.empty();
    }
  }

  private ConfigResource group() {
    return new ConfigResource(ConfigResource.Type.GROUP, settings.groupId());
  }

  private <T> T await(KafkaFuture<T> answer) throws ExecutionException {
    try {
      return answer.get(callLimit.toMillis() + 1000, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof org.apache.kafka.common.errors.TimeoutException) {
        throw away(e);
      }
      throw e;
    } catch (TimeoutException e) {
      throw away(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while waiting for the broker", e);
    }
  }

  private TransientException away(Exception e) {
    return new TransientException(
        "no Kafka broker answers at "
            + settings.bootstrapServers()
            + "; check KAFKA_BOOTSTRAP_SERVERS",
        e);
  }

  private static String message(ExecutionException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return cause.getClass().getSimpleName() + ": " + cause.getMessage();
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(2));
  }
}
