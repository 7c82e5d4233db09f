package dev.mezzotint.kafka;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Gives a cluster of the tests faults, and takes them away: features that are off, ACLs. */
public final class ClusterAdmin implements AutoCloseable {
  /** Settings of a broker with access control. What no ACL is about is permitted. */
  public static final Map<String, String> ACCESS_CONTROL =
      Map.of(
          "authorizer.class.name",
          "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
          "allow.everyone.if.no.acl.found",
          "true");

  private static final long METADATA_MILLIS = 500; // until it reaches the authorizer

  private final Admin admin;

  public ClusterAdmin(String bootstrapServers) {
    admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
  }

  Admin client() {
    return admin;
  }

  /** Share groups: 0 turns them off, 1 on. */
  public void setShareVersion(int level) throws ExecutionException, InterruptedException {
    FeatureUpdate.UpgradeType type =
        level == 0 ? FeatureUpdate.UpgradeType.UNSAFE_DOWNGRADE : FeatureUpdate.UpgradeType.UPGRADE;
    admin
        .updateFeatures(
            Map.of("share.version", new FeatureUpdate((short) level, type)),
            new UpdateFeaturesOptions())
        .all()
        .get();
  }

  /** Denies one operation. An ACL on a resource ends its default, so all others are allowed. */
  void deny(ResourceType type, String name, PatternType match, AclOperation operation)
      throws ExecutionException, InterruptedException {
    ResourcePattern pattern = new ResourcePattern(type, name, match);
    admin
        .createAcls(
            List.of(
                new AclBinding(pattern, entry(AclOperation.ALL, AclPermissionType.ALLOW)),
                new AclBinding(pattern, entry(operation, AclPermissionType.DENY))))
        .all()
        .get();
    Thread.sleep(METADATA_MILLIS);
  }

  private static AccessControlEntry entry(AclOperation operation, AclPermissionType permission) {
    return new AccessControlEntry("User:ANONYMOUS", "*", operation, permission);
  }

  void permitAll() throws ExecutionException, InterruptedException {
    admin.deleteAcls(List.of(AclBindingFilter.ANY)).all().get();
  }

  @Override
  public void close() {
    admin.close();
  }
}
