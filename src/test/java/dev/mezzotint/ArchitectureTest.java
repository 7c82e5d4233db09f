package dev.mezzotint;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import dev.mezzotint.model.ModelFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/**
 * Checks the direction of imports and the rules that hold for all classes. Ordinary JUnit tests on
 * purpose: with one version of Surefire, ArchUnit's own JUnit extension ran no test and stayed
 * green.
 */
class ArchitectureTest {
  private static final String ROOT = "dev.mezzotint";

  /**
   * All of the software, and nothing of its tests: the folder that one of its classes is in.
   * Without what is generated from interface files, in packages of its own.
   */
  static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/externalscaler/"))
          .withImportOption(location -> !location.contains("/classes/onnx/"))
          .importUrl(ModelFolder.class.getProtectionDomain().getCodeSource().getLocation());

  /** Package → the packages of ours that it may depend on, lowest first. */
  private static final Map<String, List<String>> DEPENDS = new LinkedHashMap<>();

  static {
    // The method, pixels and strict JSON: plain Java.
    allow("iadb");
    allow("image", "files");
    allow("json");
    allow("plot", "image");
    // Files of users: any package above may read them and name the reasons of failures.
    allow("files", "json");
    // Nouns: ids, events, errors; keys and the object store's port; model folders; data sets.
    allow("job", "json");
    allow("storage", "job json files");
    allow("dataset", "iadb image json files");
    allow("model", "iadb image job json storage files");
    // Networks as programs, and the engine that samples with them.
    allow("network", "iadb model");
    allow("sampling", "iadb image job json model network storage files");
    // The rules of every job.
    allow("delivery", "job json storage");
    // Use cases.
    allow("generation.request", "delivery iadb job json model sampling storage");
    allow(
        "generation.input",
        "dataset generation.request iadb image job json model sampling storage files");
    allow(
        "generation",
        "delivery generation.input generation.request iadb image job json model network sampling"
            + " storage files");
    allow("training.recipe", "dataset delivery iadb image job json model network storage");
    allow("training.checkpoint", "delivery job json model network storage training.recipe files");
    allow(
        "training",
        "control dataset delivery iadb image job json model network plot storage"
            + " training.checkpoint training.recipe files");
    allow("evaluation", "dataset iadb image json network plot");
    // Adapters: one technology each.
    allow("torch", "json model network files");
    allow("onnx", "iadb model network");
    allow("s3", "json storage files");
    allow("local", "json files");
    allow("kafka", "job json");
    allow("autoscaling", "job json kafka");
    allow("board", "job json kafka");
    allow("control", "delivery job json kafka storage");
    allow("client", "board job json kafka");
    allow(
        "http",
        "board client delivery generation.request job json model sampling storage"
            + " training.recipe");
    allow("observability", "delivery job json sampling storage training");
    // The command line, and the worker that wires everything.
    allow(
        "cli",
        "client dataset evaluation generation generation.input generation.request iadb image job"
            + " json model network plot sampling storage training training.recipe files");
    allow(
        "cli.jobs",
        "board cli client delivery generation.request job json storage training.recipe files");
    allow(
        "study",
        "cli dataset evaluation files generation generation.input generation.request iadb image job json model"
            + " network plot sampling");
    allow(
        "worker",
        "autoscaling board cli client control delivery generation generation.input"
            + " generation.request http job json kafka local model network observability onnx s3"
            + " sampling storage torch training training.checkpoint training.recipe files");
    allow(
        "bench",
        "autoscaling cli client delivery generation generation.request iadb image job json kafka"
            + " local model network observability plot sampling storage torch worker files");
  }

  /** Package → the libraries that it may depend on, beside Java's own. */
  private static final Map<String, List<String>> LIBRARIES =
      Map.ofEntries(
          Map.entry("json", List.of("com.fasterxml.jackson..")),
          Map.entry("job", List.of("com.fasterxml.jackson.annotation..")),
          Map.entry("delivery", List.of("com.fasterxml.jackson.annotation..")),
          Map.entry("training.checkpoint", List.of("com.fasterxml.jackson.annotation..")),
          Map.entry("image", List.of("javax.imageio..")),
          Map.entry("network", List.of("com.google.protobuf..", "com.sun.management..", "onnx..")),
          Map.entry("onnx", List.of("ai.djl..", "ai.onnxruntime..")),
          Map.entry("torch", List.of("ai.djl..", "com.sun.jna..")),
          Map.entry("s3", List.of("io.minio..", "okhttp3..", "javax.net..")),
          Map.entry("kafka", List.of("org.apache.kafka..")),
          Map.entry("client", List.of("org.apache.kafka..")),
          Map.entry("board", List.of("org.apache.kafka..")),
          Map.entry("control", List.of("org.apache.kafka..", "javax.crypto..")),
          Map.entry(
              "autoscaling",
              List.of("io.grpc..", "externalscaler..", "com.google.protobuf..", "io.fabric8..")),
          Map.entry("local", List.of("org.apache.kafka..", "kafka..", "org.gaul..")),
          Map.entry(
              "http",
              List.of(
                  "com.fasterxml.jackson.annotation..",
                  "io.quarkus..",
                  "io.smallrye..",
                  "io.vertx..",
                  "jakarta..",
                  "org.eclipse.microprofile.openapi..",
                  "org.jboss.resteasy.reactive..")),
          Map.entry(
              "observability",
              List.of(
                  "io.micrometer..", "io.opentelemetry..", "io.quarkus.logging..", "org.jboss..")),
          Map.entry("cli", List.of("picocli..", "com.sun.management..")),
          Map.entry("cli.jobs", List.of("picocli..")),
          Map.entry("study", List.of("picocli..")),
          Map.entry(
              "bench",
              List.of(
                  "picocli..",
                  "com.sun.management..",
                  "com.sun.net.httpserver..",
                  "io.micrometer..",
                  "io.opentelemetry..")),
          Map.entry(
              "worker",
              List.of(
                  "picocli..",
                  "io.quarkus..",
                  "jakarta..",
                  "org.eclipse.microprofile..",
                  "io.smallrye..",
                  "io.vertx..",
                  "io.micrometer..",
                  "io.opentelemetry..",
                  "org.jboss..")));

  private static void allow(String name, String... lower) {
    DEPENDS.put(name, lower.length == 0 ? List.of() : List.of(lower[0].split(" ", -1)));
  }

  @Test
  void everyPackage_dependsOnLowerPackagesAndItsOwnLibrariesOnly() {
    for (String name : packages()) {
      if (name.isEmpty()) {
        continue; // the entry point: it puts the command tree together
      }
      assertThat(DEPENDS).as("every package has a place in the order of imports").containsKey(name);
      List<String> allowed =
          new ArrayList<>(List.of("java..", "org.jspecify..", ROOT + "." + name));
      DEPENDS.get(name).forEach(lower -> allowed.add(ROOT + "." + lower));
      allowed.addAll(LIBRARIES.getOrDefault(name, List.of()));
      classes()
          .that()
          .resideInAPackage(ROOT + "." + name)
          .should()
          .onlyDependOnClassesThat(
              DescribedPredicate.describe(
                  "are in " + allowed,
                  type ->
                      type.getBaseComponentType().isPrimitive()
                          || JavaClass.Predicates.resideInAnyPackage(allowed.toArray(String[]::new))
                              .test(type)))
          .check(CLASSES);
    }
  }

  /**
   * Each package comes after all that it depends on: with the test above, imports have no cycle.
   */
  @Test
  void orderOfPackages_hasNoCycle() {
    Set<String> done = new TreeSet<>();
    Map<String, List<String>> left = new LinkedHashMap<>(DEPENDS);
    while (left.entrySet().removeIf(e -> done.containsAll(e.getValue()) && done.add(e.getKey()))) {
      // another round
    }
    assertThat(left).isEmpty();
  }

  @Test
  void everyPackage_hasAtMost35Files() {
    Map<String, Set<String>> files = new TreeMap<>();
    for (JavaClass type : CLASSES) {
      files
          .computeIfAbsent(packageOf(type), name -> new TreeSet<>())
          .add(type.getSource().orElseThrow().getFileName().orElseThrow());
    }
    assertThat(files)
        .allSatisfy((name, of) -> assertThat(of).as(name).hasSizeLessThanOrEqualTo(35));
    assertThat(files.get("worker")).hasSizeLessThanOrEqualTo(26);
  }

  @Test
  void noClassName_standsTwice() {
    Map<String, String> homes = new TreeMap<>();
    for (JavaClass type : CLASSES) {
      if (type.isTopLevelClass() && !type.getSimpleName().equals("package-info")) {
        assertThat(homes.put(type.getSimpleName(), type.getName())).as(type.getName()).isNull();
      }
    }
  }

  @Test
  void standardStreams_areUsedByCommandsOnly() {
    for (String stream : new String[] {"out", "err"}) {
      ArchRule rule =
          noClasses()
              .that()
              .resideOutsideOfPackages(
                  ROOT, ROOT + ".cli..", ROOT + ".study", ROOT + ".bench", ROOT + ".worker")
              .and()
              .doNotHaveFullyQualifiedName(ROOT + ".local.LocalStack") // its main
              .and()
              .doNotHaveFullyQualifiedName(ROOT + ".local.LocalBroker") // its main
              .and()
              .doNotHaveFullyQualifiedName(ROOT + ".observability.JsonLog")
              .should()
              .accessField(System.class, stream);
      rule.check(CLASSES);
    }
  }

  /** Other locales have other digits and other capital letters; Error Prone checks the rest. */
  @Test
  void formatting_namesItsLocale() {
    noClasses()
        .should()
        .callMethod(String.class, "format", String.class, Object[].class)
        .orShould()
        .callMethod(PrintStream.class, "printf", String.class, Object[].class)
        .orShould()
        .callMethod(String.class, "toLowerCase")
        .orShould()
        .callMethod(String.class, "toUpperCase")
        .check(CLASSES);
  }

  /** The message of a failed file operation is often the file's path alone. */
  @Test
  void reasonsOfFileErrors_areInWords() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".files", ROOT + ".image")
        .should()
        .callMethodWhere(
            DescribedPredicate.describe(
                "getMessage() of an exception of a file operation",
                call ->
                    call.getName().equals("getMessage")
                        && (call.getTargetOwner().isAssignableTo(IOException.class)
                            || call.getTargetOwner().isAssignableTo(UncheckedIOException.class))))
        .check(CLASSES);
  }

  @Test
  void everyPackage_isNullMarked() {
    Set<String> unmarked = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      JavaPackage home = type.getPackage();
      if (!home.isAnnotatedWith(NullMarked.class)) {
        unmarked.add(home.getName());
      }
    }
    assertThat(unmarked).isEmpty();
  }

  @Test
  void classesWithoutSubclasses_areFinal() {
    classes()
        .that(
            DescribedPredicate.describe(
                "are concrete and not extended",
                type ->
                    !type.isInterface()
                        && !type.isEnum()
                        && !type.isAnonymousClass()
                        && type.getSubclasses().isEmpty()
                        && !type.getModifiers().contains(JavaModifier.ABSTRACT)
                        // bodies of an enum's constants
                        && type.getRawSuperclass().map(parent -> !parent.isEnum()).orElse(true)))
        .should()
        .haveModifier(JavaModifier.FINAL)
        .check(CLASSES);
  }

  /** Our packages' names, behind the root. */
  private static Set<String> packages() {
    Set<String> names = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      names.add(packageOf(type));
    }
    assertThat(names).contains("iadb", "generation.input", "torch", "worker");
    return names;
  }

  private static String packageOf(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
  }
}
