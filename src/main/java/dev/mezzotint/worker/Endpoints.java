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
import java.util.Map;
import java.util.Optional;

/**
 * The broker and the store that this process talks to: the configured ones, or the embedded pair,
 * which is closed with this.
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

  /** As {@link #open} without starting anything. */
  public static Endpoints running(WorkerConfig settings) {
    return configured(settings)
        .or(
            () ->
                StackAddresses.find(settings.data())
                    .map(addresses -> embedded(settings, addresses, Optional.empty())))
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "",
                    "no worker runs on "
                        + settings.data().toAbsolutePath()
                        + " and no broker is configured: start 'worker' here, or "
                        + LocalStackProcess.SETTINGS_NEEDED));
  }

  /**
   * Touches nothing.
   *
   * @throws InvalidInputException if only one of broker and store is configured
   */
  static void check(WorkerConfig settings) {
    boolean store = settings.store().isPresent();
    if (settings.bootstrapServers().isPresent() != store) {
      throw new InvalidInputException(
          store ? "kafka.bootstrap.servers" : "s3.endpoint",
          (store ? "KAFKA_BOOTSTRAP_SERVERS" : "S3_ENDPOINT")
              + " is missing: broker and store are configured together or not at all");
    }
  }

  private static Optional<Endpoints> configured(WorkerConfig settings) {
    check(settings);
    Optional<WorkerConfig.Store> store = settings.store();
    if (store.isPresent()) {
      WorkerConfig.Store s = store.get();
      return Optional.of(
          new Endpoints(
              kafka(settings, settings.bootstrapServers().orElseThrow(), settings.kafka()),
              reached(s),
              Optional.empty()));
    }
    return Optional.empty();
  }

  private static S3Settings reached(WorkerConfig.Store store) {
    S3Settings plain =
        S3Settings.of(store.endpoint(), store.accessKey(), store.secretKey(), store.bucket())
            .withRegion(store.region());
    return store
        .keyFiles()
        .map(files -> plain.withKeyFiles(files.accessKey(), files.secretKey()))
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
        "/mezzotint");
  }

  @Override
  public void close() throws IOException {
    if (embedded.isPresent()) {
      embedded.get().close();
    }
  }
}
