package dev.mezzotint.kafka;

import static java.util.Objects.requireNonNull;

import dev.mezzotint.job.TransientException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/**
 * Creates the topics and configures the share group before work begins. What the credentials do not
 * permit is logged with the command that an operator can run.
 *
 * <p>Not safe for use by several threads.
 */
public final class KafkaCluster implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(KafkaCluster.class.getName());
  private static final Duration CALL_LIMIT = Duration.ofSeconds(25);
  private static final Duration KNOWN_LIMIT = Duration.ofSeconds(5);
  private static final long POLL_MILLIS = 50;
  private static final String SHARE_GROUPS_FEATURE = "share.version";
  private static final int DELIVERY_LIMIT_DEFAULT = 5;
  private static final int HEARTBEAT_MILLIS_DEFAULT = 5_000;

  /** Fits a request with small inline images or inline noise. */
  private static final int REQUEST_BYTES_MAX = 4 << 20;

  /** Fits a refused request and the headers that say why. */
  private static final int DEAD_BYTES_MAX = REQUEST_BYTES_MAX + (1 << 20);

  private final KafkaSettings settings;
  private final Duration callLimit;
  private final Admin admin;

  /**
   * Does not connect yet; each call waits up to 25 s for a broker.
   *
   * @throws dev.mezzotint.json.InvalidInputException naming a setting of the clients that is wrong
   * @throws TransientException if no name of a broker can be resolved
   */
  public KafkaCluster(KafkaSettings settings) {
    this(settings, CALL_LIMIT);
  }

  /**
   * @param callLimit how long each call waits for a broker
   */
  public KafkaCluster(KafkaSettings settings, Duration callLimit) {
    this.settings = settings;
    this.callLimit = callLimit;
    Map<String, Object> config =
        settings.client(
            "mezzotint-admin",
            Map.of(
                "default.api.timeout.ms", (int) callLimit.toMillis(),
                "request.timeout.ms", (int) Math.min(callLimit.toMillis(), 10_000)));
    this.admin = KafkaErrors.open(settings, () -> Admin.create(config));
  }

  /**
   * Checks what workers need of the cluster: that a broker answers, that share groups are on, and
   * that the topics exist and may be used.
   *
   * @param queue the kind of group that the workers form
   * @param read topics that this worker reads
   * @param written topics that it writes
   * @return what is missing and the command that mends it, in one sentence; empty if nothing is
   */
  public Optional<String> problem(
      RequestQueue.Kind queue, Collection<String> read, Collection<String> written) {
    try {
      FinalizedVersionRange level =
          await(admin.describeFeatures().featureMetadata())
              .finalizedFeatures()
              .get(SHARE_GROUPS_FEATURE);
      boolean off = level == null || level.maxVersionLevel() < 1;
      if (off && queue == RequestQueue.Kind.SHARE_GROUP) {
        return Optional.of(KafkaErrors.shareGroupsOff(settings.bootstrapServers()));
      }
      return topicProblem(read, written);
    } catch (ExecutionException e) {
      return Optional.of(KafkaErrors.message(KafkaErrors.failure(settings, e)));
    } catch (TransientException e) {
      return Optional.of(KafkaErrors.message(e));
    }
  }

  private Optional<String> topicProblem(Collection<String> read, Collection<String> written)
      throws ExecutionException {
    Set<String> topics = new TreeSet<>(read);
    topics.addAll(written);
    var described =
        admin
            .describeTopics(topics, new DescribeTopicsOptions().includeAuthorizedOperations(true))
            .topicNameValues();
    List<String> faults = new ArrayList<>();
    List<String> commands = new ArrayList<>();
    for (String topic : topics) {
      Set<AclOperation> needed = new TreeSet<>();
      if (read.contains(topic)) {
        needed.add(AclOperation.READ);
      }
      if (written.contains(topic)) {
        needed.add(AclOperation.WRITE);
      }
      try {
        Set<AclOperation> permitted =
            await(requireNonNull(described.get(topic))).authorizedOperations();
        needed.removeAll(permitted == null ? Set.copyOf(needed) : permitted);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof UnknownTopicOrPartitionException) {
          faults.add("topic " + topic + " is missing");
          commands.add(createCommand(topic(topic, Map.of())));
          needed.clear();
        } else if (!(e.getCause() instanceof TopicAuthorizationException)) {
          throw e;
        }
      }
      if (!needed.isEmpty()) {
        List<String> words =
            needed.stream().map(one -> one.name().toLowerCase(Locale.ROOT)).toList();
        faults.add("the credentials may not " + String.join(" and ", words) + " topic " + topic);
        commands.add(KafkaErrors.allowCommand(settings, "topic", topic, words));
      }
    }
    return faults.isEmpty()
        ? Optional.empty()
        : Optional.of(String.join(", ", faults) + ": run " + String.join(" && ", commands));
  }

  /**
   * Creates missing topics, replicated by the cluster's defaults. A request topic has one
   * partition, since the members of a share group divide partitions among themselves and a lane
   * must see every request.
   *
   * @throws TransientException if no broker answers
   */
  public void ensureTopics() {
    ensure(topics(settings.topics()));
  }

  static List<NewTopic> topics(Topics topics) {
    List<NewTopic> wanted = new ArrayList<>();
    for (String requests : topics.requests()) {
      wanted.add(topic(requests, Map.of("max.message.bytes", "" + REQUEST_BYTES_MAX)));
    }
    wanted.add(topic(topics.control(), Map.of("cleanup.policy", "compact")));
    wanted.add(topic(topics.events(), Map.of()));
    wanted.add(topic(topics.deadLetters(), Map.of("max.message.bytes", "" + DEAD_BYTES_MAX)));
    return wanted;
  }

  /** As {@link #ensureTopics} for these request topics only. */
  public void ensureRequestTopics(Collection<String> names) {
    ensure(
        names.stream()
            .map(name -> topic(name, Map.of("max.message.bytes", "" + REQUEST_BYTES_MAX)))
            .toList());
  }

  private static NewTopic topic(String name, Map<String, String> configs) {
    return new NewTopic(name, Optional.of(1), Optional.empty()).configs(configs);
  }

  /** Logs once which topics are missing and cannot be created. */
  private void ensure(List<NewTopic> topics) {
    List<NewTopic> missing = topics.stream().filter(topic -> !exists(topic.name())).toList();
    List<String> refusals = new ArrayList<>();
    List<String> commands = new ArrayList<>();
    Map<String, NewTopic> byName = new HashMap<>();
    missing.forEach(topic -> byName.put(topic.name(), topic));
    admin
        .createTopics(missing)
        .values()
        .forEach(
            (name, created) -> {
              try {
                await(created);
              } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                  refusals.add(message(e));
                  commands.add(createCommand(requireNonNull(byName.get(name))));
                }
              }
            });
    if (commands.isEmpty()) {
      awaitKnown(missing);
    } else {
      LOG.log(
          Level.WARNING,
          "Topics are missing and could not be created ({0}). Run: {1}",
          refusals.get(0),
          String.join(" && ", commands));
    }
  }

  /** Brokers learn of a created topic a moment later. */
  private void awaitKnown(List<NewTopic> created) {
    long end = System.nanoTime() + KNOWN_LIMIT.toNanos();
    try {
      while (!created.stream().allMatch(topic -> exists(topic.name()))
          && System.nanoTime() - end < 0) {
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while waiting for the broker", e);
    }
  }

  private boolean exists(String topic) {
    try {
      await(admin.describeTopics(List.of(topic)).allTopicNames());
      return true;
    } catch (ExecutionException e) {
      return false;
    }
  }

  private String createCommand(NewTopic topic) {
    String command =
        "kafka-topics.sh --bootstrap-server %s --create --topic %s --partitions 1"
            .formatted(settings.bootstrapServers(), topic.name());
    Map<String, String> configs = topic.configs() == null ? Map.of() : topic.configs();
    return command
        + configs.entrySet().stream()
            .map(config -> " --config " + config.getKey() + "=" + config.getValue())
            .collect(Collectors.joining());
  }

  /**
   * Makes the share group start from the oldest request and read committed requests only, neither
   * of which is the default, and sets its lock duration. Logs once what it is not permitted to set.
   */
  public void prepareGroup() {
    Map<String, String> wanted = new TreeMap<>();
    wanted.put("share.auto.offset.reset", "earliest");
    wanted.put("share.isolation.level", "read_committed");
    settings
        .lockDuration()
        .ifPresent(lock -> wanted.put("share.record.lock.duration.ms", "" + lock.toMillis()));
    List<String> refusals = new ArrayList<>();
    Map<String, String> unset = new TreeMap<>();
    wanted.forEach(
        (name, value) -> {
          if (value(group(), name).filter(value::equals).isEmpty()) {
            try {
              setGroupConfig(name, value);
            } catch (ExecutionException e) {
              refusals.add(message(e));
              unset.put(name, value);
            }
          }
        });
    if (!unset.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "Group {0} lacks settings that could not be set ({1}). Run: kafka-configs.sh"
              + " --bootstrap-server {2} --alter --entity-type groups --entity-name {0}"
              + " --add-config {3}",
          settings.groupId(),
          refusals.get(0),
          settings.bootstrapServers(),
          unset.entrySet().stream().map(Object::toString).collect(Collectors.joining(",")));
    }
  }

  private void setGroupConfig(String name, String value) throws ExecutionException {
    AlterConfigOp set = new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    try {
      await(admin.incrementalAlterConfigs(Map.of(group(), List.of(set))).all());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnsupportedVersionException) {
        throw KafkaErrors.failure(settings, e);
      }
      throw e;
    }
  }

  /** How many times the broker delivers a record before it silently drops it. */
  int deliveryLimit() {
    // Newer brokers let the group override the broker's limit.
    return integer(group(), "share.delivery.count.limit")
        .or(() -> broker("group.share.delivery.count.limit"))
        .orElse(DELIVERY_LIMIT_DEFAULT);
  }

  /** Logs if one worker alone has more lanes than a group may have members. */
  void checkGroupSize(int lanes) {
    broker("group.share.max.size")
        .filter(members -> members < lanes)
        .ifPresent(
            members ->
                LOG.log(
                    Level.WARNING,
                    "This worker has {0} lanes, but the brokers permit {1} members in group {2}:"
                        + " lower MEZZOTINT_LANES or raise group.share.max.size",
                    lanes,
                    members,
                    settings.groupId()));
  }

  /** How often a member of the group receives its assignment. */
  Duration heartbeatInterval() {
    return Duration.ofMillis(
        broker("group.share.heartbeat.interval.ms").orElse(HEARTBEAT_MILLIS_DEFAULT));
  }

  private Optional<Integer> broker(String name) {
    try {
      Collection<Node> nodes = await(admin.describeCluster().nodes());
      if (nodes.isEmpty()) {
        throw new TransientException("no broker of the Kafka cluster is ready"); // it starts
      }
      String id = nodes.iterator().next().idString();
      return integer(new ConfigResource(ConfigResource.Type.BROKER, id), name);
    } catch (ExecutionException e) {
      LOG.log(Level.DEBUG, "{0} cannot be read: {1}", name, message(e));
      return Optional.empty();
    }
  }

  private Optional<Integer> integer(ConfigResource resource, String name) {
    return value(resource, name).map(Integer::valueOf);
  }

  private Optional<String> value(ConfigResource resource, String name) {
    try {
      Config config =
          requireNonNull(await(admin.describeConfigs(List.of(resource)).all()).get(resource));
      return Optional.ofNullable(config.get(name)).map(ConfigEntry::value);
    } catch (ExecutionException e) {
      LOG.log(Level.DEBUG, "{0} cannot be read: {1}", name, message(e));
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
      if (e.getCause() instanceof org.apache.kafka.common.errors.TimeoutException
          || e.getCause() instanceof AuthenticationException) {
        throw KafkaErrors.failure(settings, e);
      }
      throw e;
    } catch (TimeoutException e) {
      throw KafkaErrors.failure(settings, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while waiting for the broker", e);
    }
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
