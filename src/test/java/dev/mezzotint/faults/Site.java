package dev.mezzotint.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.kafka.Topics;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.s3.S3Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A broker and a store in processes of their own, and ways to them: straight ones for those who
 * send and check, and tapped ones for workers.
 */
final class Site implements AutoCloseable {
  static final String MODEL = "iadb_defaults";

  private static final Path MODEL_FOLDER = Path.of("src/test/resources/golden", MODEL);
  private static final int PLACES = 5;
  private static final String ACCESS_KEY = "mezzotint";
  private static final String SECRET_KEY = "not-a-secret";
  private static final String PREFIX = "faults";

  private final Path folder;
  private final Path logs;
  private final int brokerPort = freePort();
  private final int controllerPort = freePort();
  private final int storePort = freePort();
  private final List<String> brokerSettings = new ArrayList<>();
  private final StoreTap.Log calls = new StoreTap.Log();
  private final List<Crew.Place> places = new ArrayList<>();
  private final Topics topics = Topics.withPrefix(PREFIX);
  private ChildJvm broker;
  private ChildJvm store;
  private final Crew crew;
  private final KafkaProducer<byte[], byte[]> producer;
  private final S3ObjectStore objects;

  /**
   * @param lockSeconds how long the broker leaves a record with a worker that says nothing
   */
  Site(Path folder, Path logs, int lockSeconds, int lanes) throws IOException {
    this.folder = folder;
    this.logs = logs;
    copyModel(folder.resolve("models").resolve(MODEL));
    listeners();
    broker = startBroker();
    store = startStore(0);
    broker.await("ready");
    store.await("ready");
    crew =
        new Crew(
            Map.of(
                "MEZZOTINT_ROLES",
                "generation,control",
                "S3_ACCESS_KEY",
                ACCESS_KEY,
                "S3_SECRET_KEY",
                SECRET_KEY,
                "MEZZOTINT_TOPICS_PREFIX",
                PREFIX,
                "MEZZOTINT_GROUP",
                PREFIX,
                "MEZZOTINT_DATA",
                folder.resolve("data").toString(),
                "MEZZOTINT_MODELS",
                folder.resolve("models").toString(),
                "MEZZOTINT_LOCK_SECONDS",
                Integer.toString(lockSeconds),
                "MEZZOTINT_THREADS",
                "1",
                "MEZZOTINT_LANES",
                Integer.toString(lanes)),
            PREFIX,
            logs,
            places);
    objects =
        new S3ObjectStore(
            S3Settings.of("http://127.0.0.1:" + storePort, ACCESS_KEY, SECRET_KEY, PREFIX));
    objects.ensureBucket();
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers(), "delivery.timeout.ms", 150_000),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  /** One listener for us, and one for every place, which is advertised as the place's tap. */
  private void listeners() throws IOException {
    StringBuilder listeners = new StringBuilder("PLAINTEXT://127.0.0.1:" + brokerPort);
    listeners.append(",CONTROLLER://127.0.0.1:").append(controllerPort);
    StringBuilder advertised = new StringBuilder("PLAINTEXT://127.0.0.1:" + brokerPort);
    StringBuilder protocols = new StringBuilder("PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    for (int i = 0; i < PLACES; i++) {
      int port = freePort();
      BrokerTap tap = new BrokerTap();
      tap.open(port);
      places.add(new Crew.Place(new StoreTap(storePort, calls), tap));
      listeners.append(",TAP").append(i).append("://127.0.0.1:").append(port);
      advertised.append(",TAP").append(i).append("://127.0.0.1:").append(tap.port());
      protocols.append(",TAP").append(i).append(":PLAINTEXT");
    }
    brokerSettings.add("listeners=" + listeners);
    brokerSettings.add("advertised.listeners=" + advertised);
    brokerSettings.add("listener.security.protocol.map=" + protocols);
    brokerSettings.add("inter.broker.listener.name=PLAINTEXT");
    brokerSettings.add("group.share.min.record.lock.duration.ms=1000");
    brokerSettings.add("num.network.threads=1");
  }

  /**
   * Below the ephemeral ports: this one must still be free when a child takes it, and when it takes
   * it again after a restart.
   */
  private static int freePort() {
    for (int attempt = 0; attempt < 100; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // taken
      }
    }
    throw new IllegalStateException("no free port found");
  }

  private static void copyModel(Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(MODEL_FOLDER)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  private ChildJvm startBroker() throws IOException {
    List<String> main =
        new ArrayList<>(
            List.of(
                "dev.mezzotint.local.ServerProcess",
                "broker",
                folder.resolve("broker").toString(),
                Integer.toString(brokerPort),
                Integer.toString(controllerPort)));
    main.addAll(brokerSettings);
    return ChildJvm.start(logs.resolve("broker.log"), Map.of(), 0, main);
  }

  private ChildJvm startStore(int fileKilobytesMax) throws IOException {
    return ChildJvm.start(
        logs.resolve("store.log"),
        Map.of(),
        fileKilobytesMax,
        List.of(
            "dev.mezzotint.local.ServerProcess",
            "store",
            folder.resolve("objects").toString(),
            Integer.toString(storePort),
            ACCESS_KEY,
            SECRET_KEY));
  }

  /** In good order, or as {@code kill -9} does it. */
  void stopBroker(boolean inGoodOrder) {
    if (inGoodOrder) {
      broker.terminate(15);
    }
    broker.kill();
  }

  void startBrokerAgain() throws IOException {
    broker = startBroker();
    broker.await("ready");
  }

  /**
   * Stops the store and restarts it on the same objects.
   *
   * @param fileKilobytesMax no object may be larger; 0 for no limit
   */
  void restartStore(int fileKilobytesMax) throws IOException {
    store.kill();
    store = startStore(fileKilobytesMax);
    store.await("ready");
  }

  Crew crew() {
    return crew;
  }

  Topics topics() {
    return topics;
  }

  String bootstrapServers() {
    return "127.0.0.1:" + brokerPort;
  }

  String group() {
    return PREFIX;
  }

  StoreTap.Log calls() {
    return calls;
  }

  S3ObjectStore objects() {
    return objects;
  }

  /** Returns once all of them stand in the request topic. */
  void send(List<String> requests) {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (String request : requests) {
      sent.add(
          producer.send(
              new ProducerRecord<>(topics.generationRequests(), request.getBytes(UTF_8))));
    }
    await(sent);
  }

  /** For planted violations. */
  void publish(String topic, byte[] key, byte[] value) {
    await(List.of(producer.send(new ProducerRecord<>(topic, key, value))));
  }

  private static void await(List<Future<RecordMetadata>> sent) {
    try {
      for (Future<RecordMetadata> one : sent) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    crew.close();
    producer.close(java.time.Duration.ZERO);
    objects.close();
    broker.kill();
    store.kill();
    for (Crew.Place place : places) {
      place.store().close();
      place.broker().close();
    }
  }
}
