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
  @ValueSource(strings = {"base", "overlays/local", "overlays/production"})
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
      if (folder.equals("overlays/production")) {
        boolean device = !name(deployment).endsWith("control");
        assertThat(container.getResources().getLimits().containsKey("nvidia.com/gpu"))
            .isEqualTo(device);
        assertThat(container.getImage()).endsWith(device ? ":0.1.0-cuda" : ":0.1.0");
        // The autoscaler sets the number.
        assertThat(deployment.getSpec().getReplicas()).isEqualTo(device ? null : 1);
      }
    }
    if (folder.equals("overlays/production")) {
      assertThat(names).contains("ScaledObject mezzotint-generator", "NetworkPolicy mezzotint");
      // Secrets come from outside.
      assertThat(names).noneMatch(name -> name.startsWith("Secret "));
    }
  }

  /** Renders the base with these components in a temporary overlay. */
  private static List<JsonNode> render(List<String> components) throws Exception {
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
    assertThat(components).hasSize(6);
    for (Path component : components) {
      List<JsonNode> rendered = render(List.of(component.getFileName().toString()));

      assertThat(base.containsAll(rendered)).as(component + " changes nothing").isFalse();
    }
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
