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
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
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
              "fallback",
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
          Map.entry("PodDisruptionBudget", PodDisruptionBudget.class),
          Map.entry("PriorityClass", PriorityClass.class),
          Map.entry("Role", io.fabric8.kubernetes.api.model.rbac.Role.class),
          Map.entry("RoleBinding", RoleBinding.class),
          Map.entry("Secret", Secret.class),
          Map.entry("Service", Service.class),
          Map.entry("ServiceAccount", ServiceAccount.class));

  private static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(K8S)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  private static List<JsonNode> manifests() throws IOException {
    List<JsonNode> manifests = new ArrayList<>();
    for (Path file : files()) {
      if (!file.endsWith("kustomization.yaml")
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
                "resources",
                "components",
                "labels",
                "configMapGenerator",
                "secretGenerator",
                "images",
                "patches");
        for (String field : List.of("resources", "components")) {
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
      assertThat(container.getVolumeMounts().stream().map(mount -> mount.getMountPath()))
          .containsExactlyInAnyOrderElementsOf(written);
      assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
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

  @Test
  void deletionCostRole_mayOnlyGetAndPatchPods() throws IOException {
    Path folder = K8S.resolve("components/deletion-cost");
    List<JsonNode> manifests = Yaml.documents(folder.resolve("role.yaml"));
    var role = Yaml.as(manifests.get(1), io.fabric8.kubernetes.api.model.rbac.Role.class);
    assertThat(role.getRules()).hasSize(1);
    assertThat(role.getRules().get(0).getResources()).containsExactly("pods");
    assertThat(role.getRules().get(0).getVerbs()).containsExactly("get", "patch");
    RoleBinding binding = Yaml.as(manifests.get(2), RoleBinding.class);
    assertThat(binding.getRoleRef().getName()).isEqualTo(role.getMetadata().getName());
    Deployment workers = Yaml.as(Yaml.document(folder.resolve("workers.yaml")), Deployment.class);
    PodSpec pod = workers.getSpec().getTemplate().getSpec();
    assertThat(binding.getSubjects().get(0).getName()).isEqualTo(pod.getServiceAccountName());
    assertThat(name(manifests.get(0))).isEqualTo(pod.getServiceAccountName());
    assertThat(KnownKeys.unknown(Set.of(pod.getContainers().get(0).getEnv().get(0).getName())))
        .isEmpty();
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
    for (String name : List.of("common", "control", "generator", "priorities", "trainer")) {
      base.addAll(Yaml.documents(K8S.resolve("base/" + name + ".yaml")));
    }
    Set<String> names = new TreeSet<>();
    base.forEach(manifest -> names.add(manifest.path("kind").asText() + " " + name(manifest)));

    for (Deployment deployment : deployments()) {
      PodSpec pod = deployment.getSpec().getTemplate().getSpec();
      assertThat(names)
          .contains("ServiceAccount " + pod.getServiceAccountName())
          .contains("PriorityClass " + pod.getPriorityClassName());
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
    for (JsonNode manifest : base) {
      if (manifest.path("kind").asText().equals("PodDisruptionBudget")) {
        assertThat(names).contains("Deployment " + name(manifest));
      }
    }
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
