package dev.mezzotint.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.local.LocalStack;
import dev.mezzotint.local.SharedStack;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Setup of topics and group, and the log where it is not permitted. */
class KafkaClusterTest {
  private static final Logger LOG = Logger.getLogger(KafkaCluster.class.getName());

  private final List<String> warnings = new CopyOnWriteArrayList<>();
  private final Handler listener =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            warnings.add(MessageFormat.format(record.getMessage(), record.getParameters()));
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void captureLog() {
    LOG.addHandler(listener);
  }

  @AfterEach
  void releaseLog() {
    LOG.removeHandler(listener);
  }

  @Test
  void prepareGroup_setsTheGroupsConfiguration() throws Exception {
    KafkaSettings settings =
        KafkaSettings.of(SharedStack.get().bootstrapServers())
            .withTopics(Topics.withPrefix("t" + UUID.randomUUID()))
            .withGroupId("group-" + UUID.randomUUID())
            .withLockDuration(Duration.ofSeconds(20));
    try (KafkaCluster cluster = new KafkaCluster(settings)) {
      cluster.ensureTopics();
      cluster.ensureTopics();
      cluster.prepareGroup();
      cluster.prepareGroup();
      assertThat(cluster.deliveryLimit()).isEqualTo(5);
      assertThat(cluster.heartbeatInterval()).isEqualTo(Duration.ofMillis(500));
    }
    awaitGroupConfig(settings, "share.auto.offset.reset", "earliest");
    awaitGroupConfig(settings, "share.isolation.level", "read_committed");
    awaitGroupConfig(settings, "share.record.lock.duration.ms", "20000");
    assertThat(warnings).isEmpty();
  }

  @Test
  void prepareGroup_refusedByTheBroker_logsTheCommandOnce() {
    KafkaSettings settings =
        KafkaSettings.of(SharedStack.get().bootstrapServers())
            .withGroupId("group-" + UUID.randomUUID())
            .withLockDuration(Duration.ofMillis(10));
    try (KafkaCluster cluster = new KafkaCluster(settings)) {
      cluster.prepareGroup();
    }
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0))
        .contains("--add-config share.record.lock.duration.ms=10")
        .doesNotContain("share.auto.offset.reset");
  }

  @Test
  void ensureTopics_notPermitted_logsTheCommandOnce(@TempDir Path data) throws Exception {
    LocalStack.Options options = new LocalStack.Options(0, 0, ClusterAdmin.ACCESS_CONTROL);
    try (LocalStack stack = LocalStack.start(data, options)) {
      KafkaSettings settings =
          KafkaSettings.of(stack.bootstrapServers())
              .withGroupId("locked")
              .withTopics(Topics.withPrefix("locked"))
              .withLockDuration(Duration.ofSeconds(20));
      try (ClusterAdmin admin = new ClusterAdmin(settings.bootstrapServers());
          KafkaCluster cluster = new KafkaCluster(settings)) {
        PatternType prefix = PatternType.PREFIXED;
        admin.deny(ResourceType.GROUP, "locked", prefix, AclOperation.ALTER_CONFIGS);
        admin.deny(ResourceType.TOPIC, "locked", prefix, AclOperation.CREATE);
        admin.deny(ResourceType.CLUSTER, "kafka-cluster", PatternType.LITERAL, AclOperation.CREATE);

        cluster.prepareGroup();
        assertThat(warnings).hasSize(1);
        assertThat(warnings.get(0))
            .contains("GroupAuthorizationException")
            .contains(
                "kafka-configs.sh --bootstrap-server "
                    + settings.bootstrapServers()
                    + " --alter --entity-type groups --entity-name locked --add-config"
                    + " share.auto.offset.reset=earliest,share.isolation.level=read_committed,"
                    + "share.record.lock.duration.ms=20000");

        warnings.clear();
        cluster.ensureTopics();
        assertThat(warnings).hasSize(1);
        assertThat(warnings.get(0))
            .contains("TopicAuthorizationException")
            .contains(
                "kafka-topics.sh --bootstrap-server "
                    + settings.bootstrapServers()
                    + " --create --topic locked.control --partitions 1"
                    + " --config cleanup.policy=compact")
            .contains("--topic locked.generation.requests ", "max.message.bytes=4194304");

        // After an administrator has configured it, nothing is logged.
        admin.deny(ResourceType.GROUP, "ready", prefix, AclOperation.ALTER);
        ConfigResource ready = new ConfigResource(ConfigResource.Type.GROUP, "ready");
        admin
            .client()
            .incrementalAlterConfigs(
                Map.of(
                    ready,
                    List.of(
                        new AlterConfigOp(
                            new ConfigEntry("share.auto.offset.reset", "earliest"),
                            AlterConfigOp.OpType.SET),
                        new AlterConfigOp(
                            new ConfigEntry("share.isolation.level", "read_committed"),
                            AlterConfigOp.OpType.SET),
                        new AlterConfigOp(
                            new ConfigEntry("share.record.lock.duration.ms", "20000"),
                            AlterConfigOp.OpType.SET))))
            .all()
            .get();
        admin.deny(ResourceType.GROUP, "ready", prefix, AclOperation.ALTER_CONFIGS);
        warnings.clear();
        try (KafkaCluster other = new KafkaCluster(settings.withGroupId("ready"))) {
          other.prepareGroup();
        }
        assertThat(warnings).isEmpty();
      }
    }
  }

  /** Brokers learn of a configuration a moment later. */
  private static void awaitGroupConfig(KafkaSettings settings, String name, String value)
      throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!groupConfig(settings, name).equals(value) && System.nanoTime() - end < 0) {
      Thread.sleep(50);
    }
    assertThat(groupConfig(settings, name)).as(name).isEqualTo(value);
  }

  private static String groupConfig(KafkaSettings settings, String name) throws Exception {
    ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, settings.groupId());
    try (Admin admin = Admin.create(settings.client("test", Map.of()))) {
      return admin.describeConfigs(List.of(group)).all().get().get(group).get(name).value();
    }
  }
}
