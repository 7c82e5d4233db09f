package dev.mezzotint.kafka;

import dev.mezzotint.json.InvalidInputException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/**
 * Connection to the Kafka cluster and the names used there.
 *
 * @param bootstrapServers {@code host:port}, comma-separated
 * @param properties further properties of every client, such as {@code security.protocol} and
 *     {@code sasl.jaas.config}
 * @param groupId the group of the workers that read the same requests
 * @param lockDuration how long the broker keeps a record for its holder between renewals; empty
 *     leaves the cluster's (30 s by default, 15 to 60 s allowed by default)
 * @param source URI reference that names this system in its events ({@code ce_source})
 */
public record KafkaSettings(
    String bootstrapServers,
    Map<String, String> properties,
    Topics topics,
    String groupId,
    Optional<Duration> lockDuration,
    String source) {

  private static final int METADATA_MILLIS = 30_000;

  /** Properties that depend on the client and are not taken from the environment. */
  private static final Set<String> OWN =
      Set.of(
          "client.id",
          "group.id",
          "group.instance.id",
          "transactional.id",
          "key.deserializer",
          "value.deserializer",
          "key.serializer",
          "value.serializer");

  /** Share consumers refuse to start with one of these. */
  private static final Set<String> NOT_OF_SHARE_CONSUMERS =
      Set.of(
          "auto.offset.reset",
          "enable.auto.commit",
          "group.instance.id",
          "group.protocol",
          "group.remote.assignor",
          "heartbeat.interval.ms",
          "interceptor.classes",
          "isolation.level",
          "partition.assignment.strategy",
          "session.timeout.ms");

  public KafkaSettings {
    properties = Map.copyOf(properties);
  }

  /** Default topics, group {@code mezzotint}, no further properties. */
  public static KafkaSettings of(String bootstrapServers) {
    return new KafkaSettings(
        bootstrapServers, Map.of(), Topics.defaults(), "mezzotint", Optional.empty(), "/mezzotint");
  }

  public KafkaSettings withGroupId(String other) {
    return new KafkaSettings(bootstrapServers, properties, topics, other, lockDuration, source);
  }

  public KafkaSettings withTopics(Topics other) {
    return new KafkaSettings(bootstrapServers, properties, other, groupId, lockDuration, source);
  }

  public KafkaSettings withProperties(Map<String, String> other) {
    return new KafkaSettings(bootstrapServers, other, topics, groupId, lockDuration, source);
  }

  public KafkaSettings withLockDuration(Duration other) {
    return new KafkaSettings(
        bootstrapServers, properties, topics, groupId, Optional.of(other), source);
  }

  /**
   * Checks the properties that Kafka's clients know.
   *
   * @throws InvalidInputException naming the variable of an invalid one
   */
  public KafkaSettings checked() {
    properties.forEach(
        (name, value) ->
            Stream.of(
                    ConsumerConfig.configDef(),
                    ProducerConfig.configDef(),
                    AdminClientConfig.configDef())
                .map(known -> known.configKeys().get(name))
                .filter(Objects::nonNull)
                .forEach(
                    key -> {
                      try {
                        Object parsed = ConfigDef.parseType(name, value, key.type);
                        if (key.validator != null) {
                          key.validator.ensureValid(name, parsed);
                        }
                      } catch (ConfigException e) {
                        throw new InvalidInputException(
                            "kafka." + name, KafkaErrors.variable(name) + ": " + e.getMessage(), e);
                      }
                    }));
    return this;
  }

  /**
   * Returns a client's configuration.
   *
   * @param own properties that this client requires; override the common ones
   */
  public Map<String, Object> client(String clientId, Map<String, Object> own) {
    Map<String, Object> all = new HashMap<>(properties);
    all.keySet().removeAll(OWN);
    all.put("bootstrap.servers", bootstrapServers);
    all.put("client.id", clientId);
    // Added partitions and moved leaders are seen within a minute; the default is five.
    all.putIfAbsent("metadata.max.age.ms", METADATA_MILLIS);
    all.putAll(own);
    return all;
  }

  /**
   * Returns the configuration of a consumer that starts at the oldest record, reads committed
   * records only, and commits nothing by itself.
   *
   * @param own properties that this consumer requires; override the common ones
   */
  public Map<String, Object> consumer(String clientId, Map<String, Object> own) {
    Map<String, Object> all = client(clientId, Map.of());
    all.put("enable.auto.commit", "false");
    all.put("auto.offset.reset", "earliest");
    // A request in a transaction that is aborted was never sent.
    all.put("isolation.level", "read_committed");
    all.putAll(own);
    return all;
  }

  /** Returns the configuration of a share consumer, which refuses some properties of others. */
  Map<String, Object> shareConsumer(String clientId, Map<String, Object> own) {
    Map<String, Object> all = client(clientId, Map.of());
    all.keySet().removeAll(NOT_OF_SHARE_CONSUMERS);
    all.putAll(own);
    return all;
  }

  /** Without the properties, which may hold passwords. */
  @Override
  public String toString() {
    return "KafkaSettings[" + bootstrapServers + ", group " + groupId + "]";
  }
}
