package dev.mezzotint.kafka;

import dev.mezzotint.job.RepeatedLines;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.security.cert.CertificateExpiredException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Turns failures of Kafka's clients into one sentence that says what to do: an {@link
 * InvalidInputException} where a setting is wrong, otherwise a {@link TransientException}, since
 * brokers, credentials and permissions are changed while workers wait.
 */
final class KafkaErrors {
  private static final int CONNECT_MILLIS = 2_000;

  private KafkaErrors() {}

  /**
   * Opens a client, which checks its configuration and resolves the brokers' names; connects to
   * nothing.
   *
   * @throws InvalidInputException naming the setting that is wrong
   * @throws TransientException if no name of a broker can be resolved
   */
  static <T> T open(KafkaSettings settings, Supplier<T> client) {
    try {
      return client.get();
    } catch (KafkaException e) {
      Throwable cause = e;
      for (Throwable next = e; next != null; next = next.getCause()) {
        cause = next;
      }
      throw unresolved(cause) ? failure(settings, e) : invalid(settings, cause);
    }
  }

  static RuntimeException failure(KafkaSettings settings, Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConfigException && !unresolved(cause)) {
        return invalid(settings, cause);
      }
      String known = sentence(settings, cause);
      if (known != null) {
        return new TransientException(known, thrown);
      }
    }
    return new TransientException(
        "the Kafka broker at " + settings.bootstrapServers() + " refuses: " + message(thrown),
        thrown);
  }

  private static boolean unresolved(Throwable cause) {
    return message(cause).startsWith("No resolvable bootstrap urls");
  }

  /** Names the variable that Kafka's message is about. */
  private static InvalidInputException invalid(KafkaSettings settings, Throwable cause) {
    String message = message(cause);
    String property =
        settings.properties().entrySet().stream()
            .filter(
                entry ->
                    message.contains(entry.getKey())
                        || (entry.getValue().contains("/") && message.contains(entry.getValue())))
            .map(Map.Entry::getKey)
            .max(Comparator.comparingInt(String::length))
            .orElseGet(
                () ->
                    message.contains("bootstrap.servers")
                        ? "bootstrap.servers"
                        : message.contains("JAAS") ? "sasl.jaas.config" : "*");
    return new InvalidInputException(
        "kafka." + property, variable(property) + ": " + message, cause);
  }

  static String variable(String property) {
    return "KAFKA_" + property.toUpperCase(Locale.ROOT).replace('.', '_');
  }

  private static @Nullable String sentence(KafkaSettings settings, Throwable cause) {
    String at = settings.bootstrapServers();
    String broker = "the Kafka broker at " + at;
    if (unresolved(cause)) {
      return broker + " has no known address; check KAFKA_BOOTSTRAP_SERVERS and DNS";
    }
    if (cause instanceof SslAuthenticationException) {
      Optional<String> expired = expiry(cause);
      if (expired.isPresent()) {
        return "the certificate of %s has expired (%s); renew it there"
            .formatted(broker, expired.get());
      }
      return ("%s offers no trusted connection (%s); check KAFKA_SSL_TRUSTSTORE_LOCATION, the"
              + " certificates' dates, and restart the worker if a file of certificates was"
              + " replaced")
          .formatted(broker, message(cause));
    }
    if (cause instanceof AuthenticationException) {
      return broker + " refuses the login (" + message(cause) + "); check KAFKA_SASL_JAAS_CONFIG";
    }
    if (cause instanceof TopicAuthorizationException topics) {
      String names = String.join(",", topics.unauthorizedTopics());
      return notPermitted(settings, "topic", names, "read", "write");
    }
    if (cause instanceof GroupAuthorizationException group) {
      String id = group.groupId() == null ? settings.groupId() : group.groupId();
      return notPermitted(settings, "group", id, "read");
    }
    if (cause instanceof AuthorizationException) {
      return broker + " does not permit it (" + message(cause) + ")";
    }
    if (cause instanceof UnsupportedVersionException) {
      return shareGroupsOff(at);
    }
    if (cause instanceof GroupMaxSizeReachedException) {
      return ("group %s is full: raise group.share.max.size of the brokers, which is the number of"
              + " lanes of all workers, or lower MEZZOTINT_LANES")
          .formatted(settings.groupId());
    }
    if (cause instanceof InvalidTimestampException) {
      return ("%s refuses records for their time (%s): set the clocks of this machine and the"
              + " broker")
          .formatted(broker, message(cause));
    }
    if (cause instanceof UnknownTopicOrPartitionException) {
      return broker + " lacks a topic (" + message(cause) + ")";
    }
    if (cause instanceof org.apache.kafka.common.errors.TimeoutException
        || cause instanceof TimeoutException) {
      return unavailable(settings);
    }
    if (message(cause).contains("is not a share group")
        || message(cause).contains("is not a consumer group")
        || message(cause).contains("inconsistent with those of existing")) {
      return "group %s on the cluster is of another kind (%s): set another MEZZOTINT_GROUP"
          .formatted(settings.groupId(), message(cause));
    }
    return null;
  }

  /** When the broker's certificate expired, if that is why there is no connection. */
  private static Optional<String> expiry(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateExpiredException) {
        return Optional.of(message(cause));
      }
    }
    return Optional.empty();
  }

  /** Why share groups do not work, and the command that turns them on. */
  static String shareGroupsOff(String servers) {
    return ("share groups are off on the Kafka cluster at %s: run kafka-features.sh"
            + " --bootstrap-server %s upgrade --feature share.version=1 (Kafka 4.2 or newer), or"
            + " set MEZZOTINT_QUEUE=consumer-group")
        .formatted(servers, servers);
  }

  private static String notPermitted(
      KafkaSettings settings, String kind, String name, String... operations) {
    return "the credentials may not use %s %s: run %s"
        .formatted(kind, name, allowCommand(settings, kind, name, List.of(operations)));
  }

  /**
   * The command that permits operations.
   *
   * @param kind {@code topic} or {@code group}
   */
  static String allowCommand(
      KafkaSettings settings, String kind, String name, List<String> operations) {
    return "kafka-acls.sh --bootstrap-server "
        + settings.bootstrapServers()
        + " --add --allow-principal User:NAME"
        + operations.stream().map(one -> " --operation " + one).collect(Collectors.joining())
        + (" --" + kind + " " + name);
  }

  /** Says of a broker that did not answer in time whether anything can be reached there. */
  static String unavailable(KafkaSettings settings) {
    String at = settings.bootstrapServers();
    String last = "no address";
    for (String server : at.split(",", -1)) {
      String host = Utils.getHost(server.strip());
      Integer port = Utils.getPort(server.strip());
      try (Socket socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(
                InetAddress.getByName(host == null ? "" : host), port == null ? 0 : port),
            CONNECT_MILLIS);
        return "the Kafka broker at "
            + at
            + " accepts connections but does not answer: check KAFKA_SECURITY_PROTOCOL, and that"
            + " this machine reaches the address that the broker advertises"
            + RepeatedLines.process().lastConnection().map(line -> " (" + line + ")").orElse("");
      } catch (UnknownHostException e) {
        last = host + " is not known";
      } catch (IOException | IllegalArgumentException e) {
        last = message(e);
      }
    }
    return "no Kafka broker answers at " + at + " (" + last + "); check KAFKA_BOOTSTRAP_SERVERS";
  }

  static String message(@Nullable Throwable cause) {
    String message = cause == null || cause.getMessage() == null ? "" : cause.getMessage();
    return message.isEmpty() ? String.valueOf(cause) : message;
  }
}
