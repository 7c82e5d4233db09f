package dev.mezzotint.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.MinIOContainer;
import org.testcontainers.kafka.KafkaContainer;

/**
 * A broker and a store shared by all tests of a JVM that do not stop servers; each test uses its
 * own topics, groups and buckets. Locks and sessions may be as short as a second, so that their
 * loss can be tested.
 *
 * <p>Runs containers if Docker is available, else the local stack in this process. The system
 * property {@code mezzotint.test.servers=embedded} disables Docker, and {@code
 * mezzotint.test.store} names a program to be the store ({@link StoreProgram}).
 */
public final class SharedStack {
  private static final String KAFKA_IMAGE = "apache/kafka:4.2.1";
  private static final String MINIO_IMAGE = "minio/minio:RELEASE.2025-09-07T16-13-09Z";

  /**
   * Logs missing Docker at ERROR. A strong reference, because the level is lost with the logger.
   */
  private static final Logger DOCKER_SEARCH = Logger.getLogger("org.testcontainers.dockerclient");

  /** At INFO they log a hundred lines at each start. Strong references, too. */
  private static final List<Logger> SERVERS =
      Stream.of(
              "kafka", "org.apache.kafka", "state.change.logger", "org.gaul", "org.testcontainers")
          .map(Logger::getLogger)
          .toList();

  private static final String STORE = System.getProperty("mezzotint.test.store", "");

  private static String storeName = "S3Proxy";

  private static final StackAddresses ADDRESSES = start();

  private SharedStack() {}

  public static StackAddresses get() {
    return ADDRESSES;
  }

  /** The store's make: S3Proxy, MinIO or versitygw. */
  public static String storeName() {
    return storeName;
  }

  /** The name of a bucket that the client creates, or that was created by hand if it cannot. */
  public static String newBucket() {
    String name = "b" + UUID.randomUUID();
    if (storeName.equals("versitygw")) {
      try {
        StoreProgram.makeBucket(name);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return name;
  }

  private static StackAddresses start() {
    SERVERS.forEach(logger -> logger.setLevel(Level.WARNING));
    DOCKER_SEARCH.setLevel(Level.OFF);
    boolean embedded = System.getProperty("mezzotint.test.servers", "").equals("embedded");
    if (!embedded && STORE.isEmpty() && DockerClientFactory.instance().isDockerAvailable()) {
      try {
        return containers();
      } catch (RuntimeException e) {
        // For example because the image registry cannot be reached; any servers will do.
        System.err.println("Containers did not start, servers run in this process: " + e);
      }
    }
    return inProcess();
  }

  /** Testcontainers' own reaper removes both when this JVM ends. */
  private static StackAddresses containers() {
    MinIOContainer store = new MinIOContainer(MINIO_IMAGE);
    store.start();
    storeName = "MinIO";
    KafkaContainer broker =
        new KafkaContainer(KAFKA_IMAGE)
            .withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", "1")
            .withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", "1")
            .withEnv("KAFKA_GROUP_SHARE_MIN_HEARTBEAT_INTERVAL_MS", "500")
            .withEnv("KAFKA_GROUP_SHARE_HEARTBEAT_INTERVAL_MS", "500")
            .withEnv("KAFKA_GROUP_SHARE_MIN_RECORD_LOCK_DURATION_MS", "1000")
            .withEnv("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000");
    broker.start();
    return new StackAddresses(
        broker.getBootstrapServers(),
        store.getS3URL(),
        store.getUserName(),
        store.getPassword(),
        ProcessHandle.current().pid());
  }

  private static StackAddresses inProcess() {
    try {
      Path data = Files.createTempDirectory("mezzotint-stack");
      LocalStack stack =
          LocalStack.start(
              data,
              new LocalStack.Options(
                  0,
                  0,
                  Map.of(
                      "group.share.min.record.lock.duration.ms",
                      "1000",
                      "group.min.session.timeout.ms",
                      "1000")));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(stack, data)));
      if (STORE.isEmpty()) {
        return stack.addresses();
      }
      storeName = StoreProgram.name(Path.of(STORE));
      return StoreProgram.start(Path.of(STORE), data, stack.bootstrapServers());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void end(LocalStack stack, Path data) {
    try {
      stack.close();
      try (Stream<Path> files = Files.walk(data)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
