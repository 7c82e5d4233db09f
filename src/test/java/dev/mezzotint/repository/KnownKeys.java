package dev.mezzotint.repository;

import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigValue;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.eclipse.microprofile.config.spi.Converter;

/**
 * The environment variables that mean something to a worker. Learnt from the code that reads them,
 * so that no list can fall behind: {@link WorkerConfig#read} is asked to read and watched.
 */
final class KnownKeys {
  /** What others read: the JVM, libtorch, DJL, NVIDIA's container runtime. */
  private static final Set<String> OF_OTHERS =
      Set.of(
          "DJL_CACHE_DIR",
          "ENGINE_CACHE_DIR",
          "JAVA_TOOL_OPTIONS",
          "NVIDIA_DRIVER_CAPABILITIES",
          "NVIDIA_VISIBLE_DEVICES",
          "OMP_NUM_THREADS",
          "OMP_WAIT_POLICY",
          "PYTORCH_FLAVOR",
          "PYTORCH_LIBRARY_PATH",
          "PYTORCH_VERSION");

  private static final Path PROPERTIES = Path.of("src/main/resources/application.properties");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z0-9_]+)[:}]");

  private static final Map<String, String> ANSWERS =
      Map.of(
          "kafka.bootstrap.servers", "kafka:9092",
          "s3.endpoint", "http://store:9000",
          "s3.access-key", "key",
          "s3.secret-key", "secret");

  private KnownKeys() {}

  /** All keys that {@link WorkerConfig} reads. */
  static Set<String> keys() {
    Watched config = new Watched();
    WorkerConfig.read(config);
    return config.asked;
  }

  static String variable(String key) {
    return key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  /** Names of all variables of our own, {@code KAFKA_*} beside the bootstrap servers left out. */
  static Set<String> variables() throws IOException {
    Set<String> variables = new TreeSet<>();
    // What is the framework's own has its variable in the file of properties.
    keys().stream()
        .filter(key -> !key.startsWith("quarkus."))
        .forEach(key -> variables.add(variable(key)));
    Matcher matcher = VARIABLE.matcher(Files.readString(PROPERTIES));
    while (matcher.find()) {
      variables.add(matcher.group(1));
    }
    return variables;
  }

  /** Of these variables, those that nothing would read. */
  static List<String> unknown(Set<String> names) throws IOException {
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

  /**
   * Has only what {@link WorkerConfig} needs to go on reading, and writes down what it is asked.
   */
  private static final class Watched implements Config {
    private final Set<String> asked = new TreeSet<>();

    @Override
    public <T> Optional<T> getOptionalValue(String name, Class<T> type) {
      asked.add(name);
      return Optional.ofNullable(ANSWERS.get(name)).map(type::cast);
    }

    @Override
    public <T> T getValue(String name, Class<T> type) {
      throw new UnsupportedOperationException(name);
    }

    @Override
    public ConfigValue getConfigValue(String name) {
      throw new UnsupportedOperationException(name);
    }

    @Override
    public Iterable<String> getPropertyNames() {
      return List.of();
    }

    @Override
    public Iterable<ConfigSource> getConfigSources() {
      return List.of();
    }

    @Override
    public <T> Optional<Converter<T>> getConverter(Class<T> type) {
      return Optional.empty();
    }

    @Override
    public <T> T unwrap(Class<T> type) {
      throw new UnsupportedOperationException(type.getName());
    }
  }
}
