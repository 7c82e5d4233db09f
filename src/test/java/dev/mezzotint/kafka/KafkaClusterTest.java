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
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
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
    assertThat(groupConfig(settings, "share.auto.offset.reset")).isEqualTo("earliest");
    assertThat(groupConfig(settings, "share.isolation.level")).isEqualTo("read_committed");
    assertThat(groupConfig(settings, "share.record.lock.duration.ms")).isEqualTo("20000");
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
    LocalStack.Options options =
        new LocalStack.Options(
            0,
            0,
            Map.of(
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "allow.everyone.if.no.acl.found",
                "true"));
    try (LocalStack stack = LocalStack.start(data, options)) {
      KafkaSettings settings =
          KafkaSettings.of(stack.bootstrapServers())
              .withGroupId("locked")
              .withTopics(Topics.withPrefix("locked"))
              .withLockDuration(Duration.ofSeconds(20));
      try (Admin admin = Admin.create(settings.client("test", Map.of()));
          KafkaCluster cluster = new KafkaCluster(settings)) {
        deny(admin, ResourceType.GROUP, "locked", AclOperation.ALTER_CONFIGS);
        deny(admin, ResourceType.TOPIC, "locked", AclOperation.CREATE);

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
        deny(admin, ResourceType.GROUP, "ready", AclOperation.ALTER);
        ConfigResource ready = new ConfigResource(ConfigResource.Type.GROUP, "ready");
        admin
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
        deny(admin, ResourceType.GROUP, "ready", AclOperation.ALTER_CONFIGS);
        warnings.clear();
        try (KafkaCluster other = new KafkaCluster(settings.withGroupId("ready"))) {
          other.prepareGroup();
        }
        assertThat(warnings).isEmpty();
      }
    }
  }

  /** An ACL on a resource also ends 'everyone may' there, so everything else is allowed. */
  private static void deny(Admin admin, ResourceType type, String name, AclOperation operation)
      throws Exception {
    ResourcePattern pattern = new ResourcePattern(type, name, PatternType.PREFIXED);
    admin
        .createAcls(
            List.of(
                new AclBinding(pattern, entry(AclOperation.ALL, AclPermissionType.ALLOW)),
                new AclBinding(pattern, entry(operation, AclPermissionType.DENY))))
        .all()
        .get();
    if (type == ResourceType.TOPIC) {
      ResourcePattern cluster =
          new ResourcePattern(ResourceType.CLUSTER, "kafka-cluster", PatternType.LITERAL);
      admin
          .createAcls(
              List.of(
                  new AclBinding(cluster, entry(AclOperation.ALL, AclPermissionType.ALLOW)),
                  new AclBinding(cluster, entry(operation, AclPermissionType.DENY))))
          .all()
          .get();
    }
    Thread.sleep(500); // metadata reaches the authorizer a moment later
  }

  private static AccessControlEntry entry(AclOperation operation, AclPermissionType permission) {
    return new AccessControlEntry("User:ANONYMOUS", "*", operation, permission);
  }

  private static String groupConfig(KafkaSettings settings, String name) throws Exception {
    ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, settings.groupId());
    try (Admin admin = Admin.create(settings.client("test", Map.of()))) {
      return admin.describeConfigs(List.of(group)).all().get().get(group).get(name).value();
    }
  }
}
