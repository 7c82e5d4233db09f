package dev.mezzotint.repository;

import static dev.mezzotint.repository.KubernetesTest.container;
import static dev.mezzotint.repository.KubernetesTest.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks the manifests that kustomize renders from base, components and overlays, if it is
 * installed.
 */
class OverlaysTest {
  private static final Path K8S = Path.of("k8s");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base",
        "overlays/local",
        "overlays/production",
        "overlays/shard",
        "overlays/end-to-end"
      })
  void kustomize_rendersBaseAndOverlays(String folder) throws Exception {
    List<JsonNode> rendered = render(K8S.resolve(folder));

    Set<String> names = new TreeSet<>();
    rendered.forEach(manifest -> names.add(manifest.path("kind").asText() + " " + name(manifest)));
    rendered.forEach(KubernetesTest::check);
    for (JsonNode manifest : rendered) {
      if (!manifest.path("kind").asText().equals("Deployment")) {
        continue;
      }
      Deployment deployment = Yaml.as(manifest, Deployment.class);
      Container container = container(deployment);
      assertThat(container.getImage()).matches(".+:.*\\d.*|mezzotint:dev").doesNotEndWith("latest");
      container
          .getEnvFrom()
          .forEach(
              from -> assertThat(names).contains("ConfigMap " + from.getConfigMapRef().getName()));
      if (!container.getName().equals("worker")) {
        continue;
      }
      assertThat(
              KnownKeys.unknown(
                  new TreeSet<>(container.getEnv().stream().map(EnvVar::getName).toList())))
          .isEmpty();
      if (folder.equals("overlays/production") || folder.equals("overlays/shard")) {
        boolean device = !name(deployment).endsWith("control");
        assertThat(container.getResources().getLimits().containsKey("nvidia.com/gpu"))
            .isEqualTo(device);
        assertThat(container.getImage()).endsWith(device ? ":0.1.0-cuda" : ":0.1.0");
        // The autoscaler sets the number.
        assertThat(deployment.getSpec().getReplicas()).isEqualTo(device ? null : 1);
        assertThat(deployment.getSpec().getTemplate().getSpec().getPriorityClassName())
            .startsWith("mezzotint-");
      }
    }
    // Of the cluster, so that deleting one installation takes nothing from another.
    assertThat(names).noneMatch(name -> name.startsWith("PriorityClass "));
    if (folder.equals("overlays/production")) {
      assertThat(names).contains("ScaledObject mezzotint-generator", "NetworkPolicy mezzotint");
      // Secrets come from outside.
      assertThat(names).noneMatch(name -> name.startsWith("Secret "));
    }
  }

  /** Renders the base with these components in a temporary overlay. */
  private static List<JsonNode> render(List<String> components, String... more) throws Exception {
    Path own = Files.createTempDirectory(Path.of("target"), "overlay");
    Path up = own.toAbsolutePath().relativize(K8S.toAbsolutePath());
    List<String> lines =
        new ArrayList<>(
            List.of(
                "apiVersion: kustomize.config.k8s.io/v1beta1",
                "kind: Kustomization",
                "resources:",
                "  - " + up + "/base",
                "components:"));
    components.forEach(component -> lines.add("  - " + up + "/components/" + component));
    lines.addAll(List.of(more));
    Files.write(own.resolve("kustomization.yaml"), lines);
    List<JsonNode> rendered = render(own);
    rendered.forEach(KubernetesTest::check);
    return rendered;
  }

  @Test
  void kustomize_rendersEachComponent() throws Exception {
    Set<JsonNode> base = Set.copyOf(render(K8S.resolve("base")));
    List<Path> components;
    try (Stream<Path> all = Files.list(K8S.resolve("components"))) {
      components = all.toList();
    }
    assertThat(components).hasSize(7);
    for (Path component : components) {
      List<JsonNode> rendered = render(List.of(component.getFileName().toString()));

      assertThat(base.containsAll(rendered)).as(component + " changes nothing").isFalse();
    }
  }

  @Test
  void kustomize_rendersAShard_withNamesOfItsOwn() throws Exception {
    List<JsonNode> shard = render(K8S.resolve("overlays/shard"));
    Set<String> production = new TreeSet<>();
    for (JsonNode manifest : render(K8S.resolve("overlays/production"))) {
      production.add(place(manifest));
    }
    Set<String> names = new TreeSet<>();
    for (JsonNode manifest : shard) {
      names.add(manifest.path("kind").asText() + " " + name(manifest));
      assertThat(production).doesNotContain(place(manifest));
      assertThat(manifest.at("/metadata/namespace").asText()).isEqualTo("mezzotint-a");
      assertThat(manifest.path("kind").asText()).isNotEqualTo("PrometheusRule");
    }
    int scaled = 0;
    for (JsonNode manifest : shard) {
      switch (manifest.path("kind").asText()) {
        case "ScaledObject" -> {
          scaled++;
          assertThat(names)
              .contains(
                  "Deployment " + manifest.at("/spec/scaleTargetRef/name").asText(),
                  "Service "
                      + manifest
                          .at("/spec/triggers/0/metadata/scalerAddress")
                          .asText()
                          .replaceFirst(":9090$", ""));
        }
        case "ConfigMap" -> {
          JsonNode data = manifest.get("data");
          assertThat(data.get("MEZZOTINT_GROUP").asText()).isEqualTo("mezzotint-a");
          assertThat(data.get("MEZZOTINT_TOPICS_PREFIX").asText()).isEqualTo("mezzotint-a");
          assertThat(data.get("MEZZOTINT_LANES").asText()).isEqualTo("8");
          assertThat(KnownKeys.unknown(Yaml.texts(data).keySet())).isEmpty();
        }
        case "PodMonitor" ->
            assertThat(instance(manifest, "/spec/selector/matchLabels")).isEqualTo("a");
        case "Service" -> assertThat(instance(manifest, "/spec/selector")).isEqualTo("a");
        case "NetworkPolicy" ->
            assertThat(instance(manifest, "/spec/podSelector/matchLabels")).isEqualTo("a");
        default -> assertThat(name(manifest)).startsWith("a-");
      }
    }
    assertThat(scaled).isEqualTo(2);
  }

  private static String place(JsonNode manifest) {
    return String.join(
        " ",
        manifest.path("kind").asText(),
        manifest.at("/metadata/namespace").asText(),
        name(manifest));
  }

  private static String instance(JsonNode manifest, String labels) {
    return manifest.at(labels).path("app.kubernetes.io/instance").asText();
  }

  /** Two installations: the policy of one must not be the policy of the other. */
  @Test
  void kustomize_rendersDeletionCost_withAPrefix() throws Exception {
    List<JsonNode> rendered = render(List.of("deletion-cost"), "namePrefix: b-");

    Set<String> names = new TreeSet<>();
    rendered.forEach(manifest -> names.add(manifest.path("kind").asText() + " " + name(manifest)));
    for (JsonNode manifest : rendered) {
      switch (manifest.path("kind").asText()) {
        case "ValidatingAdmissionPolicyBinding" ->
            assertThat(names)
                .contains("ValidatingAdmissionPolicy " + manifest.at("/spec/policyName").asText());
        case "RoleBinding" ->
            assertThat(names)
                .contains("ServiceAccount " + manifest.at("/subjects/0/name").asText())
                .contains("Role " + manifest.at("/roleRef/name").asText());
        case "Deployment" ->
            assertThat(names)
                .contains(
                    "ServiceAccount "
                        + manifest.at("/spec/template/spec/serviceAccountName").asText());
        default -> assertThat(name(manifest)).startsWith("b-");
      }
    }
    assertThat(names).contains("ValidatingAdmissionPolicy b-mezzotint-deletion-cost");
  }

  /** Without an entry in the overlay's images the component has a tag, or nodes pull "latest". */
  @Test
  void kustomize_rendersGpu_withATag() throws Exception {
    Set<String> images = new TreeSet<>();
    for (JsonNode manifest : render(List.of("gpu"))) {
      images.add(manifest.at("/spec/template/spec/containers/0/image").asText());
    }
    assertThat(images)
        .containsExactlyInAnyOrder("", "mezzotint:0.1.0", "mezzotint-cuda:0.1.0-cuda");
  }

  @Test
  void kustomize_rendersPriorityClasses() throws Exception {
    List<JsonNode> rendered = render(K8S.resolve("priority-classes"));
    rendered.forEach(KubernetesTest::check);
    assertThat(rendered).hasSize(3);
  }

  @Test
  void kustomize_rendersComponentsTogether() throws Exception {
    List<JsonNode> rendered = render(List.of("gpu", "spot", "keda"));

    for (JsonNode manifest : rendered) {
      if (manifest.path("kind").asText().equals("Deployment")) {
        boolean device = !name(manifest).endsWith("control");
        assertThat(manifest.at("/spec/template/spec/affinity").isMissingNode()).isEqualTo(!device);
        assertThat(manifest.at("/spec/template/spec/tolerations").size()).isEqualTo(device ? 3 : 0);
      }
    }
  }

  private static List<JsonNode> render(Path folder) throws Exception {
    List<String> command = kustomize();
    assumeTrue(
        !command.isEmpty(),
        "neither kubectl nor kustomize is installed: the rendered manifests were not checked");
    Path out = Files.createTempFile(Path.of("target"), "rendered", ".yaml");
    Path err = Files.createTempFile(Path.of("target"), "rendered", ".err");
    List<String> words = new ArrayList<>(command);
    words.add(folder.toString());
    Process process =
        new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(err)).isZero();
    assertThat(Files.readString(err)).as("warnings").isEmpty();
    List<JsonNode> rendered = Yaml.documents(out);
    Files.delete(out);
    Files.delete(err);
    return rendered;
  }

  private static List<String> kustomize() {
    if (ExternalProgram.find("kustomize").isPresent()) {
      return List.of("kustomize", "build");
    }
    if (ExternalProgram.find("kubectl").isPresent()) {
      return List.of("kubectl", "kustomize");
    }
    return List.of();
  }
}
