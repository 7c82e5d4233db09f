package dev.mezzotint.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

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
   * Returns a client's configuration.
   *
   * @param own properties that this client requires; override the common ones
   */
  public Map<String, Object> client(String clientId, Map<String, Object> own) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put("bootstrap.servers", bootstrapServers);
    all.put("client.id", clientId);
    all.putAll(own);
    return all;
  }

  /** Without the properties, which may hold passwords. */
  @Override
  public String toString() {
    return "KafkaSettings[" + bootstrapServers + ", group " + groupId + "]";
  }
}
