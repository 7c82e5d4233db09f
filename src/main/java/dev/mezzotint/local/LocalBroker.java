package dev.mezzotint.local;

import dev.mezzotint.files.FileErrors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * A Kafka node on loopback, broker and controller in one (KRaft), configured for a small heap. It
 * is a cluster by itself unless settings say otherwise, as bin/kafka-cluster does. An existing data
 * folder can be started again, also on other ports.
 *
 * <p>Not safe for use by several threads.
 */
record LocalBroker(KafkaRaftServer server) {
  /** A constant suffices: nodes with other ports and folders never meet. */
  private static final String CLUSTER_ID = "bWV6em90aW50LWxvY2FsMQ";

  private static final int NODE_ID = 1;

  /**
   * Starts a broker and returns once it serves clients.
   *
   * @param overrides broker settings that replace the built-in ones
   * @throws IOException if the folder cannot be formatted or a port is taken
   */
  static LocalBroker start(Path folder, int port, int controllerPort, Map<String, String> overrides)
      throws IOException {
    Files.createDirectories(folder);
    Map<String, String> settings = settings(folder, port, controllerPort);
    settings.putAll(overrides);
    if (!Files.exists(folder.resolve("meta.properties"))) {
      format(folder, Integer.parseInt(settings.get("node.id")));
    }
    KafkaRaftServer server =
        new KafkaRaftServer(new KafkaConfig(settings, /* doLog= */ false), Time.SYSTEM);
    try {
      server.startup();
    } catch (RuntimeException | Error e) {
      server.shutdown();
      throw new IOException("the broker on port " + port + " did not start: " + e.getMessage(), e);
    }
    return new LocalBroker(server);
  }

  /**
   * Main of one node of bin/kafka-cluster, which runs until it is stopped or killed: {@code FOLDER
   * PORT CONTROLLER_PORT [SETTING=VALUE]...}.
   */
  public static void main(String... args) {
    Map<String, String> overrides = LocalStack.settings(List.of(args).subList(3, args.length));
    try {
      LocalBroker broker =
          start(Path.of(args[0]), Integer.parseInt(args[1]), Integer.parseInt(args[2]), overrides);
      Runtime.getRuntime().addShutdownHook(new Thread(broker::stop, "stop"));
      broker.server.awaitShutdown();
    } catch (IOException e) {
      System.err.println(FileErrors.describe(e));
      System.exit(1);
    }
  }

  private static void format(Path folder, int node) throws IOException {
    var log = new ByteArrayOutputStream();
    try (PrintStream lines = new PrintStream(log, /* autoFlush= */ true, StandardCharsets.UTF_8)) {
      new Formatter()
          .setPrintStream(lines)
          .setNodeId(node)
          .setClusterId(CLUSTER_ID)
          .setControllerListenerName("CONTROLLER")
          .setMetadataLogDirectory(folder.toString())
          .addDirectory(folder.toString())
          .setReleaseVersion(MetadataVersion.latestProduction())
          .run();
    } catch (Exception e) {
      throw new IOException(
          "cannot format %s: %s %s"
              .formatted(folder, e.getMessage(), log.toString(StandardCharsets.UTF_8)),
          e);
    }
  }

  private static Map<String, String> settings(Path folder, int port, int controllerPort) {
    Map<String, String> settings = new HashMap<>();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", Integer.toString(NODE_ID));
    settings.put("log.dirs", folder.toString());
    settings.put("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + controllerPort);
    settings.put(
        "listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
    settings.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
    settings.put("controller.listener.names", "CONTROLLER");
    settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");

    // One node cannot replicate; internal topics with one partition start fastest.
    for (String topic : new String[] {"offsets.topic", "transaction.state.log"}) {
      settings.put(topic + ".replication.factor", "1");
      settings.put(topic + ".num.partitions", "1");
    }
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("share.coordinator.state.topic.num.partitions", "1");
    settings.put("num.partitions", "1");
    // Room for a request with an inline image on auto-created topics.
    settings.put("message.max.bytes", Integer.toString(8 << 20));
    settings.put("replica.fetch.max.bytes", Integer.toString(8 << 20));

    // The cleaner's default of 128 MB exceeds the small heap.
    settings.put("log.cleaner.dedupe.buffer.size", "2097152");
    settings.put("log.segment.bytes", Integer.toString(64 << 20));
    settings.put("num.network.threads", "2");
    settings.put("num.io.threads", "4");
    settings.put("background.threads", "2");

    // After a kill, a restart waits for the old registration to expire: 2 s instead of 9.
    settings.put("broker.session.timeout.ms", "2000");
    settings.put("broker.heartbeat.interval.ms", "500");
    settings.put("controlled.shutdown.enable", "false");
    settings.put("group.initial.rebalance.delay.ms", "0");

    // A new member of a share group gets its partitions with a heartbeat: 0.5 s instead of 5.
    settings.put("group.share.min.heartbeat.interval.ms", "500");
    settings.put("group.share.heartbeat.interval.ms", "500");
    return settings;
  }

  void stop() {
    server.shutdown();
    server.awaitShutdown();
  }
}
