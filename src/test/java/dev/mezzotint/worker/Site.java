package dev.mezzotint.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.kafka.Topics;
import dev.mezzotint.local.SharedStack;
import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.ObjectStore;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * A place for workers of one test class on the tests' shared broker and store, with topics, group,
 * bucket and models of its own.
 */
public final class Site implements AutoCloseable {
  /** 16×16 pixels, a few thousand weights, no card; see its folder for where it comes from. */
  public static final Path TINY = Path.of("src/test/resources/golden/iadb_defaults");

  private static final String NAME = "iadb_defaults";

  private final Map<String, String> configuration = new LinkedHashMap<>();
  private final Topics topics;
  private final KafkaProducer<byte[], byte[]> producer;
  private final S3ObjectStore store;

  /**
   * @param folder for models and data; holds the model {@code iadb_defaults} afterwards
   */
  public Site(Path folder) throws IOException {
    this(folder, SharedStack.get());
  }

  Site(Path folder, StackAddresses stack) throws IOException {
    String own = "t" + UUID.randomUUID().toString().substring(0, 8);
    configuration.put("kafka.bootstrap.servers", stack.bootstrapServers());
    configuration.put("s3.endpoint", stack.s3Endpoint());
    configuration.put("s3.access-key", stack.accessKey());
    configuration.put("s3.secret-key", stack.secretKey());
    configuration.put("s3.bucket", own);
    configuration.put("mezzotint.topics.prefix", own);
    configuration.put("mezzotint.group", own);
    configuration.put("mezzotint.data", folder.resolve("data").toString());
    configuration.put("mezzotint.models", folder.resolve("models").toString());
    configuration.put("mezzotint.lanes", "2");
    copy(TINY, folder.resolve("models").resolve(NAME));
    topics = Topics.withPrefix(own);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", stack.bootstrapServers(), "max.request.size", 8 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    store = new S3ObjectStore(Endpoints.open(settings(configuration)).s3());
    store.ensureBucket();
  }

  /** As the application would read them from such variables. */
  public static WorkerConfig settings(Map<String, String> configuration) {
    return WorkerConfig.read(
        new SmallRyeConfigBuilder()
            .withSources(new PropertiesConfigSource(configuration, "test", 100))
            .build());
  }

  public WorkerConfig settings(String worker) {
    Map<String, String> own = new LinkedHashMap<>(configuration);
    own.put("mezzotint.worker", worker);
    return settings(own);
  }

  /** The same as environment variables, for a process. */
  Map<String, String> environment() {
    Map<String, String> variables = new LinkedHashMap<>();
    configuration.forEach(
        (key, value) ->
            variables.put(
                key.toUpperCase(java.util.Locale.ROOT).replaceAll("[^A-Z0-9]", "_"), value));
    return variables;
  }

  /** One more setting of all workers here. */
  public void set(String key, String value) {
    configuration.put(key, value);
  }

  /** So that others hear sooner of a worker that died. */
  void shortLocks(int seconds) {
    configuration.put("mezzotint.lock-seconds", Integer.toString(seconds));
  }

  void configure(String key, String value) {
    configuration.put(key, value);
  }

  boolean topicExists(String topic) {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers()))) {
      return admin.listTopics().names().get(30, TimeUnit.SECONDS).contains(topic);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  public static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  public Path models() {
    return settings("").models();
  }

  public ObjectStore store() {
    return store;
  }

  byte[] object(String key) {
    return store.get(key).orElseThrow(() -> new AssertionError("no object " + key)).bytes();
  }

  public Topics topics() {
    return topics;
  }

  /** All that is published on a topic, from its beginning on; it must exist. */
  Tail tail(String topic) {
    return new Tail(brokers(), topic);
  }

  private String brokers() {
    return configuration.get("kafka.bootstrap.servers");
  }

  /** Puts a record on the request topic and returns once it stands there. */
  RecordMetadata send(byte @Nullable [] value) {
    return send(topics.generationRequests(), value);
  }

  /** As {@link #send(String)}, by a client that traces. */
  RecordMetadata send(String json, String traceparent) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topics.generationRequests(), json.getBytes(UTF_8));
    record.headers().add("traceparent", traceparent.getBytes(UTF_8));
    return send(record);
  }

  /** As {@link #send(String)}, of a training request. */
  RecordMetadata train(String json) {
    return send(topics.trainingRequests(), json.getBytes(UTF_8));
  }

  private RecordMetadata send(String topic, byte @Nullable [] value) {
    return send(new ProducerRecord<>(topic, value));
  }

  private RecordMetadata send(ProducerRecord<byte[], byte[]> record) {
    try {
      return producer.send(record).get(30, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  RecordMetadata send(String json) {
    return send(json.getBytes(UTF_8));
  }

  @Override
  public void close() {
    producer.close();
    store.close();
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
