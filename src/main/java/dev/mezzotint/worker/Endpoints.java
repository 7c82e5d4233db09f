package dev.mezzotint.worker;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.local.LocalStackProcess;
import dev.mezzotint.local.SharedStackHandle;
import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.s3.S3Settings;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The broker and the store of this process: the configured ones, or the embedded pair, which is
 * closed with this.
 */
public record Endpoints(KafkaSettings kafka, S3Settings s3, Optional<Closeable> embedded)
    implements AutoCloseable {

  /**
   * The configured broker and store; where neither is configured, the embedded pair, started here
   * or already running on the data folder.
   *
   * @throws InvalidInputException if only one of the two is configured
   */
  public static Endpoints open(WorkerConfig settings) throws IOException {
    Optional<Endpoints> configured = configured(settings);
    if (configured.isPresent()) {
      return configured.get();
    }
    Optional<StackAddresses> running = StackAddresses.find(settings.data());
    if (running.isPresent()) {
      SharedStackHandle guest = SharedStackHandle.join(settings.data());
      return embedded(settings, running.get(), Optional.of(guest));
    }
    LocalStackProcess stack = LocalStackProcess.start(settings.data());
    return embedded(settings, stack.addresses(), Optional.of(stack));
  }

  /** As {@link #open}, but starts nothing. */
  public static Endpoints running(WorkerConfig settings) {
    return find(settings)
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "",
                    "no worker runs on "
                        + settings.data().toAbsolutePath()
                        + " and no broker is configured: start 'worker' here, or "
                        + LocalStackProcess.SETTINGS_NEEDED));
  }

  /** As {@link #running}; empty where nothing is configured and nothing runs. */
  static Optional<Endpoints> find(WorkerConfig settings) {
    return configured(settings)
        .or(
            () ->
                StackAddresses.find(settings.data())
                    .map(addresses -> embedded(settings, addresses, Optional.empty())));
  }

  /**
   * Checks that {@link #open} can find or start a broker and a store; connects to nothing.
   *
   * @throws InvalidInputException if only one of the two is configured, or none where no embedded
   *     pair is installed
   */
  static void check(WorkerConfig settings) {
    if (configured(settings).isEmpty() && StackAddresses.find(settings.data()).isEmpty()) {
      LocalStackProcess.requireInstalled();
    }
  }

  /** Addresses of the embedded pair as people write them; empty for a configured pair. */
  List<String> embeddedAddresses() {
    return embedded.isEmpty()
        ? List.of()
        : List.of("Kafka " + local(kafka.bootstrapServers()), "S3 " + local(s3.endpoint()));
  }

  /** One sentence for each embedded server that is not at its usual port. */
  List<String> unusualPorts() {
    if (embedded.isEmpty()) {
      return List.of();
    }
    List<String> unusual = new ArrayList<>();
    if (!kafka.bootstrapServers().endsWith(":" + StackAddresses.BROKER_PORT)) {
      unusual.add(taken(StackAddresses.BROKER_PORT, "Kafka", local(kafka.bootstrapServers())));
    }
    if (!s3.endpoint().endsWith(":" + StackAddresses.STORE_PORT)) {
      unusual.add(taken(StackAddresses.STORE_PORT, "S3", local(s3.endpoint())));
    }
    return unusual;
  }

  static String taken(int port, String server, String address) {
    return "Port " + port + " is taken by another process: " + server + " is at " + address;
  }

  private static String local(String address) {
    return address.replace("127.0.0.1", "localhost");
  }

  private static void checkBothOrNone(WorkerConfig settings) {
    boolean store = settings.store().endpoint().isPresent();
    if (settings.bootstrapServers().isPresent() != store) {
      throw new InvalidInputException(
          store ? "kafka.bootstrap.servers" : "s3.endpoint",
          (store ? "KAFKA_BOOTSTRAP_SERVERS" : "S3_ENDPOINT")
              + " is missing: broker and store are configured together or not at all");
    }
  }

  private static Optional<Endpoints> configured(WorkerConfig settings) {
    checkBothOrNone(settings);
    return settings
        .bootstrapServers()
        .map(
            servers ->
                new Endpoints(
                    kafka(settings, servers, settings.kafka()),
                    s3(settings.store()),
                    Optional.empty()));
  }

  private static S3Settings s3(WorkerConfig.Store store) {
    S3Settings plain =
        S3Settings.of(
                store.endpoint().orElseThrow().toString(),
                store.accessKey().orElse(""),
                store.secretKey().orElse(""),
                store.bucket())
            .withRegion(store.region());
    return store
        .accessKeyFile()
        .map(file -> plain.withKeyFiles(file, store.secretKeyFile().orElseThrow()))
        .orElse(plain);
  }

  private static Endpoints embedded(
      WorkerConfig settings, StackAddresses at, Optional<Closeable> held) {
    return new Endpoints(
        kafka(settings, at.bootstrapServers(), Map.of()),
        S3Settings.of(at.s3Endpoint(), at.accessKey(), at.secretKey(), WorkerConfig.BUCKET_DEFAULT),
        held);
  }

  private static KafkaSettings kafka(
      WorkerConfig settings, String servers, Map<String, String> properties) {
    return new KafkaSettings(
            servers,
            properties,
            Topics.withPrefix(settings.topicPrefix()),
            settings.group(),
            settings.lock(),
            "/mezzotint")
        .checked();
  }

  @Override
  public void close() throws IOException {
    if (embedded.isPresent()) {
      embedded.get().close();
    }
  }
}
