package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mezzotint.job.WorkerRole;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks the Kubernetes manifests as files. */
class KubernetesTest {
  private static final Path K8S = Path.of("k8s");
  private static final int DRAIN_SECONDS = 20;
  private static final int SLACK_SECONDS = 5;

  /** The default of {@code group.share.max.size}. */
  private static final int GROUP_MAX = 200;

  /** Custom resources, for which there are no classes; only their outermost fields are checked. */
  private static final Map<String, Set<String>> CUSTOM =
      Map.of(
          "ScaledObject",
          Set.of(
              "scaleTargetRef",
              "pollingInterval",
              "cooldownPeriod",
              "minReplicaCount",
              "maxReplicaCount",
              "advanced",
              "triggers"),
          "PodMonitor",
          Set.of("jobLabel", "selector", "podMetricsEndpoints"),
          "PrometheusRule",
          Set.of("groups"));

  private static final Map<String, Class<?>> TYPES =
      Map.ofEntries(
          Map.entry("ConfigMap", ConfigMap.class),
          Map.entry("Deployment", Deployment.class),
          Map.entry("Namespace", Namespace.class),
          Map.entry("NetworkPolicy", NetworkPolicy.class),
          Map.entry("PriorityClass", PriorityClass.class),
          Map.entry("Role", io.fabric8.kubernetes.api.model.rbac.Role.class),
          Map.entry("RoleBinding", RoleBinding.class),
          Map.entry("Secret", Secret.class),
          Map.entry("Service", Service.class),
          Map.entry("ServiceAccount", ServiceAccount.class),
          Map.entry("ValidatingAdmissionPolicy", ValidatingAdmissionPolicy.class),
          Map.entry("ValidatingAdmissionPolicyBinding", ValidatingAdmissionPolicyBinding.class));

  private static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(K8S)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  private static List<JsonNode> manifests() throws IOException {
    List<JsonNode> manifests = new ArrayList<>();
    for (Path file : files()) {
      if (!file.endsWith("kustomization.yaml")
          && !file.endsWith("names.yaml")
          && !file.getFileName().toString().startsWith("alerts.")) {
        manifests.addAll(Yaml.documents(file));
      }
    }
    return manifests;
  }

  /** Fails on unknown kinds and fields. */
  static void check(JsonNode manifest) {
    String kind = manifest.path("kind").asText();
    if (CUSTOM.containsKey(kind)) {
      assertThat(Yaml.texts(manifest).keySet())
          .isSubsetOf("apiVersion", "kind", "metadata", "spec");
      assertThat(Yaml.texts(manifest.get("spec")).keySet()).isSubsetOf(CUSTOM.get(kind));
    } else {
      assertThat(TYPES).as("a type for %s", manifest).containsKey(kind);
      assertThat(UnknownFields.find(manifest, TYPES.get(kind)))
          .as(kind + " " + name(manifest))
          .isEmpty();
    }
  }

  static String name(JsonNode manifest) {
    return manifest.path("metadata").path("name").asText();
  }

  @Test
  void everyManifest_hasKnownKindsAndFields() throws IOException {
    assertThat(manifests()).hasSizeGreaterThan(15);
    manifests().forEach(KubernetesTest::check);
  }

  @Test
  void check_misspeltField_fails() throws IOException {
    String right = Files.readString(K8S.resolve("base/generator.yaml"));
    for (String[] typo :
        new String[][] {
          {"terminationGracePeriodSeconds", "terminationGraceSeconds"},
          {"readOnlyRootFilesystem", "readOnlyRootFileSystem"},
          {"failureThreshold", "failureThreshhold"}
        }) {
      JsonNode wrong = Yaml.documents(right.replace(typo[0], typo[1])).get(0);
      assertThatThrownBy(() -> check(wrong)).isInstanceOf(AssertionError.class);
    }
  }

  @Test
  void kustomizations_referToExistingFiles() throws IOException {
    for (Path file : files()) {
      if (file.endsWith("kustomization.yaml")) {
        JsonNode all = Yaml.document(file);
        assertThat(Yaml.texts(all).keySet())
            .as(file.toString())
            .isSubsetOf(
                "apiVersion",
                "kind",
                "namespace",
                "namePrefix",
                "resources",
                "components",
                "labels",
                "configMapGenerator",
                "secretGenerator",
                "images",
                "configurations",
                "replacements",
                "patches");
        for (String field : List.of("resources", "components", "configurations")) {
          for (JsonNode entry : all.path(field)) {
            assertThat(file.resolveSibling(entry.asText())).exists();
          }
        }
        for (JsonNode patch : all.path("patches")) {
          if (patch.has("path")) {
            assertThat(file.resolveSibling(patch.get("path").asText())).isRegularFile();
          }
        }
        for (JsonNode generator : all.path("configMapGenerator")) {
          for (JsonNode source : generator.path("files")) {
            assertThat(file.resolveSibling(source.asText().split("=", 2)[1])).isRegularFile();
          }
        }
      }
    }
  }

  @Test
  void everyVariable_isRead_everyDeploymentHasValidSettings() throws IOException {
    for (Deployment deployment : deployments()) {
      Map<String, String> variables = variables(deployment, literals(K8S.resolve("base")));

      assertThat(KnownKeys.unknown(variables.keySet())).as(name(deployment)).isEmpty();
      String roles = variables.get("MEZZOTINT_ROLES");
      if (WorkerRole.WIRE_NAMES.contains(roles)) {
        assertThat(DockerImageTest.settings(variables).roles())
            .containsExactly(WorkerRole.of(roles));
      }
    }
    assertThat(KnownKeys.unknown(literals(K8S.resolve("overlays/production")).keySet())).isEmpty();
  }

  @Test
  void versionLabel_isTheTagOfTheImage() {
    JsonNode base = Yaml.document(K8S.resolve("base/kustomization.yaml"));
    assertThat(base.at("/labels/1/pairs").path("app.kubernetes.io/version").asText())
        .isNotEmpty()
        .isEqualTo(base.at("/images/0/newTag").asText());
  }

  private static List<Deployment> deployments() throws IOException {
    List<Deployment> deployments = new ArrayList<>();
    for (String name : List.of("generator", "trainer", "control")) {
      deployments.add(
          Yaml.as(Yaml.documents(K8S.resolve("base/" + name + ".yaml")).get(0), Deployment.class));
    }
    return deployments;
  }

  static String name(Deployment deployment) {
    return deployment.getMetadata().getName();
  }

  static Container container(Deployment deployment) {
    return deployment.getSpec().getTemplate().getSpec().getContainers().get(0);
  }

  private static Map<String, String> variables(Deployment deployment, Map<String, String> shared) {
    Map<String, String> variables = new TreeMap<>(shared);
    for (EnvVar variable : container(deployment).getEnv()) {
      variables.put(
          variable.getName(), variable.getValue() == null ? "secret" : variable.getValue());
    }
    return variables;
  }

  private static Map<String, String> literals(Path folder) {
    Map<String, String> literals = new LinkedHashMap<>();
    for (JsonNode generator :
        Yaml.document(folder.resolve("kustomization.yaml")).path("configMapGenerator")) {
      for (JsonNode literal : generator.path("literals")) {
        String[] parts = literal.asText().split("=", 2);
        literals.put(parts[0], parts[1]);
      }
    }
    return literals;
  }

  @Test
  void pods_haveNoPrivileges_andWriteToTheirVolumesOnly() throws IOException {
    Set<String> written = new TreeSet<>(Set.of("/tmp", Dockerfile.stage("cpu").last("VOLUME")));
    for (Deployment deployment : deployments()) {
      PodSpec pod = deployment.getSpec().getTemplate().getSpec();
      Container container = container(deployment);

      assertThat(pod.getAutomountServiceAccountToken()).isFalse();
      assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
      assertThat(Dockerfile.stage("cpu").last("USER"))
          .startsWith(pod.getSecurityContext().getRunAsUser() + ":");
      assertThat(pod.getSecurityContext().getSeccompProfile().getType())
          .isEqualTo("RuntimeDefault");
      assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
      assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
      assertThat(container.getSecurityContext().getCapabilities().getDrop()).contains("ALL");
      assertThat(
              container.getVolumeMounts().stream()
                  .filter(mount -> !Boolean.TRUE.equals(mount.getReadOnly()))
                  .map(VolumeMount::getMountPath))
          .containsExactlyInAnyOrderElementsOf(written);
      assertThat(container.getResources().getRequests())
          .containsKeys("cpu", "memory", "ephemeral-storage");
      assertThat(container.getResources().getLimits()).containsKey("memory");
    }
    Path deletionCost = K8S.resolve("components/deletion-cost");
    for (Path file : files()) {
      if (!file.startsWith(deletionCost)) {
        for (JsonNode manifest : Yaml.documents(file)) {
          assertThat(manifest.path("kind").asText()).isNotIn("Role", "RoleBinding", "ClusterRole");
        }
      }
    }
  }

  /** A key in a variable would need a restart of all pods after each rotation. */
  @Test
  void keysOfTheStore_areFilesOfASecret() throws IOException {
    for (Deployment deployment : deployments()) {
      Container container = container(deployment);
      Map<String, String> variables = variables(deployment, Map.of());
      assertThat(variables).doesNotContainKeys("S3_ACCESS_KEY", "S3_SECRET_KEY");
      VolumeMount mount =
          container.getVolumeMounts().stream()
              .filter(one -> one.getName().equals("s3"))
              .findFirst()
              .orElseThrow();
      for (String key : List.of("S3_ACCESS_KEY", "S3_SECRET_KEY")) {
        assertThat(variables).containsEntry(key + "_FILE", mount.getMountPath() + "/" + key);
      }
      assertThat(deployment.getSpec().getTemplate().getSpec().getVolumes())
          .anySatisfy(
              volume -> {
                assertThat(volume.getName()).isEqualTo("s3");
                assertThat(volume.getSecret().getSecretName()).isEqualTo("mezzotint-s3");
              });
    }
  }

  @Test
  void deletionCostRole_mayOnlyPatchPods_andAPolicyRestrictsItToItsOwn() throws IOException {
    Path folder = K8S.resolve("components/deletion-cost");
    List<JsonNode> manifests = Yaml.documents(folder.resolve("role.yaml"));
    var role = Yaml.as(manifests.get(1), io.fabric8.kubernetes.api.model.rbac.Role.class);
    assertThat(role.getRules()).hasSize(1);
    assertThat(role.getRules().get(0).getResources()).containsExactly("pods");
    assertThat(role.getRules().get(0).getVerbs()).containsExactly("patch");
    RoleBinding binding = Yaml.as(manifests.get(2), RoleBinding.class);
    assertThat(binding.getRoleRef().getName()).isEqualTo(role.getMetadata().getName());
    Deployment workers = Yaml.as(Yaml.document(folder.resolve("workers.yaml")), Deployment.class);
    PodSpec pod = workers.getSpec().getTemplate().getSpec();
    assertThat(binding.getSubjects().get(0).getName()).isEqualTo(pod.getServiceAccountName());
    assertThat(name(manifests.get(0))).isEqualTo(pod.getServiceAccountName());
    assertThat(KnownKeys.unknown(Set.of(pod.getContainers().get(0).getEnv().get(0).getName())))
        .isEmpty();

    List<JsonNode> policies = Yaml.documents(folder.resolve("own-pod-only.yaml"));
    var policy = Yaml.as(policies.get(0), ValidatingAdmissionPolicy.class).getSpec();
    assertThat(policy.getFailurePolicy()).isEqualTo("Fail");
    assertThat(policy.getMatchConstraints().getResourceRules().get(0).getResources())
        .containsExactly("pods");
    assertThat(policy.getMatchConditions().get(0).getExpression())
        .contains("endsWith('" + pod.getServiceAccountName() + "')");
    assertThat(policy.getValidations())
        .anySatisfy(
            one ->
                assertThat(one.getExpression())
                    .contains("authentication.kubernetes.io/pod-name", "== object.metadata.name"))
        .anySatisfy(
            one -> assertThat(one.getExpression()).isEqualTo("object.spec == oldObject.spec"))
        .anySatisfy(
            one -> assertThat(one.getExpression()).contains("labels", "finalizers", "owner"))
        .anySatisfy(
            one ->
                assertThat(one.getExpression())
                    .contains("'controller.kubernetes.io/pod-deletion-cost'"));
    var bound = Yaml.as(policies.get(1), ValidatingAdmissionPolicyBinding.class).getSpec();
    assertThat(bound.getPolicyName()).isEqualTo(name(policies.get(0)));
    assertThat(bound.getValidationActions()).containsExactly("Deny");
  }

  @Test
  void pods_haveTimeToDrain_andValidProbes() throws IOException {
    for (Deployment deployment : deployments()) {
      PodSpec pod = deployment.getSpec().getTemplate().getSpec();
      Container container = container(deployment);
      long pause =
          container.getLifecycle() == null
              ? 0
              : container.getLifecycle().getPreStop().getSleep().getSeconds();

      assertThat(pod.getTerminationGracePeriodSeconds())
          .as(name(deployment))
          .isGreaterThanOrEqualTo(DRAIN_SECONDS + SLACK_SECONDS + pause);
      Map<String, Integer> ports = new TreeMap<>();
      for (ContainerPort port : container.getPorts()) {
        ports.put(port.getName(), port.getContainerPort());
      }
      assertThat(ports).containsEntry("http", 8080);
      Map<String, Probe> probes =
          Map.of(
              "/q/health/started", container.getStartupProbe(),
              "/q/health/live", container.getLivenessProbe(),
              "/q/health/ready", container.getReadinessProbe());
      probes.forEach(
          (path, probe) -> {
            assertThat(probe.getHttpGet().getPath()).isEqualTo(path);
            assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo("http");
          });
    }
    assertThat(DockerImageTest.settings(Map.of("MEZZOTINT_MODELS", "models")).drain().toSeconds())
        .isEqualTo(DRAIN_SECONDS);
    Deployment spot =
        Yaml.as(Yaml.document(K8S.resolve("components/spot/nodes.yaml")), Deployment.class);
    assertThat(spot.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
        .isBetween((long) DRAIN_SECONDS + SLACK_SECONDS, 30L);
  }

  @Test
  void referencedNames_exist() throws IOException {
    List<JsonNode> base = new ArrayList<>();
    for (String name : List.of("common", "control", "generator", "trainer")) {
      base.addAll(Yaml.documents(K8S.resolve("base/" + name + ".yaml")));
    }
    Set<String> names = new TreeSet<>();
    base.forEach(manifest -> names.add(manifest.path("kind").asText() + " " + name(manifest)));

    for (Deployment deployment : deployments()) {
      PodSpec pod = deployment.getSpec().getTemplate().getSpec();
      assertThat(names).contains("ServiceAccount " + pod.getServiceAccountName());
      assertThat(pod.getPriorityClassName()).isNull();
      assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
          .containsAllEntriesOf(deployment.getSpec().getSelector().getMatchLabels());
    }
    for (JsonNode scaled : Yaml.documents(K8S.resolve("components/keda/scaled-objects.yaml"))) {
      assertThat(names)
          .contains(
              "Deployment " + scaled.at("/spec/scaleTargetRef/name").asText(),
              "Service "
                  + scaled.at("/spec/triggers/0/metadata/scalerAddress").asText().split(":", 2)[0]);
    }
    Set<String> classes = new TreeSet<>();
    for (JsonNode priority : Yaml.documents(K8S.resolve("priority-classes/classes.yaml"))) {
      classes.add(name(priority));
    }
    Set<String> patched = new TreeSet<>();
    for (JsonNode patch :
        Yaml.document(K8S.resolve("components/priorities/kustomization.yaml")).get("patches")) {
      assertThat(names).contains("Deployment " + patch.at("/target/name").asText());
      patched.add(Yaml.documents(patch.get("patch").asText()).get(0).get("value").asText());
    }
    assertThat(patched).isEqualTo(classes).hasSize(3);
  }

  /** A PriorityClass that belongs to an overlay would be deleted with it, for all others. */
  @Test
  void objectsOfTheCluster_belongToNoOverlay() throws IOException {
    for (Path file : files()) {
      if (!file.startsWith(K8S.resolve("priority-classes"))
          && !file.startsWith(K8S.resolve("components/deletion-cost"))) {
        for (JsonNode manifest : Yaml.documents(file)) {
          assertThat(manifest.path("kind").asText())
              .as(file.toString())
              .isNotIn("PriorityClass", "ValidatingAdmissionPolicy", "ClusterRole");
        }
      }
    }
  }

  /** Budgets would block drains of fixed sets of GPU nodes; an evicted worker releases its jobs. */
  @Test
  void workers_haveNoDisruptionBudget() throws IOException {
    assertThat(manifests())
        .noneMatch(manifest -> manifest.path("kind").asText().equals("PodDisruptionBudget"));
  }

  /** KEDA counts no failures of a scaler without an answer, and reports Ready with a fallback. */
  @Test
  void scaledObjects_haveNoFallback() {
    for (JsonNode scaled : Yaml.documents(K8S.resolve("components/keda/scaled-objects.yaml"))) {
      assertThat(scaled.get("spec").has("fallback")).isFalse();
    }
  }

  /** Else the group has no place for the lanes of the last pods, and their devices idle. */
  @Test
  void lanesOfAllPodsOfProduction_fitIntoOneShareGroup() throws IOException {
    Map<String, String> variables = literals(K8S.resolve("overlays/production"));
    int lanes = Integer.parseInt(variables.get("MEZZOTINT_LANES"));
    int trainingLanes =
        DockerImageTest.settings(Map.of("MEZZOTINT_MODELS", "models")).training().lanes();
    Map<String, Integer> pods = new TreeMap<>();
    for (JsonNode scaled : Yaml.documents(K8S.resolve("components/keda/scaled-objects.yaml"))) {
      pods.put(name(scaled), scaled.at("/spec/maxReplicaCount").asInt());
    }

    assertThat(pods.get("mezzotint-generator")).isGreaterThan(1);
    assertThat(
            pods.get("mezzotint-generator") * lanes + pods.get("mezzotint-trainer") * trainingLanes)
        .isLessThanOrEqualTo(GROUP_MAX);
    assertThat(variables).containsKey("MEZZOTINT_GENERATION_JOB_SECONDS");
  }

  @Test
  void prometheusRule_equalsAlerts() {
    Path folder = K8S.resolve("components/monitoring");

    assertThat(Yaml.document(folder.resolve("rule.yaml")).get("spec"))
        .isEqualTo(Yaml.document(folder.resolve("alerts.yaml")));
  }

  @Test
  void everyAlert_isDocumented() throws IOException {
    String page = Files.readString(Path.of("docs/operations.md"));
    JsonNode rules =
        Yaml.document(K8S.resolve("components/monitoring/alerts.yaml")).at("/groups/0/rules");

    assertThat(rules).isNotEmpty();
    for (JsonNode rule : rules) {
      assertThat(page).contains("| `" + rule.get("alert").asText() + "` |");
    }
  }
}
