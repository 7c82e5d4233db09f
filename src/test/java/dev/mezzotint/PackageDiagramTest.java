package dev.mezzotint;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The one diagram of the software is a picture of it, and not of what it once was to be. */
class PackageDiagramTest {
  private static final Path PAGE = Path.of("docs/architecture.md");

  /** Package → packages that its classes really use. */
  private static Map<String, Set<String>> imports() {
    Map<String, Set<String>> imports = new TreeMap<>();
    for (JavaClass type : ArchitectureTest.CLASSES) {
      String from = ArchitectureTest.part(type);
      Set<String> all = imports.computeIfAbsent(from, name -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (ArchitectureTest.ours(target) && !ArchitectureTest.part(target).equals(from)) {
          all.add(ArchitectureTest.part(target));
        }
      }
    }
    return imports;
  }

  @Test
  void theDiagramShowsEveryPackageAndTheDirectionOfEveryImport() throws IOException {
    Map<String, Set<String>> imports = imports();
    assertThat(imports).containsKeys("iadb", "worker");
    assertThat(imports.get("worker")).contains("generation", "kafka");
    assertThat(PackageDiagram.read(Files.readString(PAGE)).faults(imports)).isEmpty();
  }

  @Test
  void whatIsNotSoIsFound() {
    Map<String, Set<String>> imports =
        Map.of(
            "top",
            Set.of("left", "low"),
            "left",
            Set.of("right", "low"),
            "right",
            Set.of(),
            "low",
            Set.of());
    String good =
        """
        <!-- diagram: packages -->
        ```mermaid
        flowchart TB
          subgraph roof [above all]
            top
          end
          subgraph floor [between]
            left
            right
          end
          subgraph cellar [below]
            low
          end
          roof --> floor
          left --> right
          floor --> cellar
        ```
        """;
    assertThat(PackageDiagram.read(good).faults(imports)).isEmpty();
    assertThat(faults(good, "    right\n", "", imports)).containsExactly("right is not drawn");
    assertThat(faults(good, "    low\n", "    low\n    cave\n", imports))
        .containsExactly("cave is no package");
    assertThat(faults(good, "  left --> right\n", "", imports))
        .containsExactly("left imports right, which is not drawn");
    assertThat(faults(good, "left --> right", "right --> left", imports))
        .containsExactlyInAnyOrder(
            "left imports right, which is not drawn",
            "right --> left, and nothing is imported this way");
    assertThat(faults(good, "  floor --> cellar\n", "", imports))
        .contains("left imports low, which is not drawn", "top imports low, which is not drawn");
    assertThat(faults(good, "floor --> cellar", "cellar --> floor", imports))
        .contains("left imports low, which is not drawn");
    assertThat(faults(good, "floor --> cellar", "floor --> cellar\n  cellar --> roof", imports))
        .contains("cellar --> roof, and nothing is imported this way")
        .anyMatch(fault -> fault.endsWith("in a circle"));
  }

  private static Iterable<String> faults(
      String page, String from, String to, Map<String, Set<String>> imports) {
    assertThat(page).contains(from);
    return PackageDiagram.read(page.replace(from, to)).faults(imports);
  }
}
