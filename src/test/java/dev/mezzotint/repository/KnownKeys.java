package dev.mezzotint.repository;

import dev.mezzotint.worker.WorkerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** The environment variables that a worker reads, taken from the declarations of its settings. */
final class KnownKeys {
  /** What others read: the JVM, libtorch, DJL, NVIDIA's container runtime. */
  private static final Set<String> OF_OTHERS =
      Set.of(
          "DJL_CACHE_DIR",
          "ENGINE_CACHE_DIR",
          "JAVA_TOOL_OPTIONS",
          "NVIDIA_DRIVER_CAPABILITIES",
          "NVIDIA_VISIBLE_DEVICES",
          "GOMP_SPINCOUNT",
          "LC_ALL",
          "OMP_NUM_THREADS",
          "OMP_WAIT_POLICY",
          "PYTORCH_FLAVOR",
          "PYTORCH_LIBRARY_PATH",
          "PYTORCH_VERSION");

  private KnownKeys() {}

  /** The names of all settings as properties. */
  static Set<String> keys() {
    return WorkerSettings.properties();
  }

  static String variable(String key) {
    return key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  /** The names of all settings as variables, without those that are passed on to Kafka. */
  static Set<String> variables() {
    return keys().stream().map(KnownKeys::variable).collect(Collectors.toCollection(TreeSet::new));
  }

  /** Of these variables, those that nothing would read. */
  static List<String> unknown(Set<String> names) {
    Set<String> ours = variables();
    List<String> unknown = new ArrayList<>();
    for (String name : names) {
      if (!ours.contains(name) && !OF_OTHERS.contains(name) && !ofKafkaClients(name)) {
        unknown.add(name);
      }
    }
    return unknown;
  }

  private static boolean ofKafkaClients(String name) {
    if (!name.startsWith("KAFKA_")) {
      return false;
    }
    String property = name.substring("KAFKA_".length()).toLowerCase(Locale.ROOT).replace('_', '.');
    return AdminClientConfig.configNames().contains(property)
        || ConsumerConfig.configNames().contains(property)
        || ProducerConfig.configNames().contains(property);
  }
}
