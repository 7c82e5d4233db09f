package dev.mezzotint;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import dev.mezzotint.model.ModelFolder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/**
 * The direction of imports and the rules of the house. Ordinary tests on purpose: ArchUnit's own
 * JUnit extension ran no test at all with one version of Surefire, and stayed green.
 */
class ArchitectureTest {
  private static final String ROOT = "dev.mezzotint";

  /**
   * All of the software, and nothing of its tests: the folder that one of its classes is in.
   * Without what is generated from an interface file, in a package of its own.
   */
  static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/externalscaler/"))
          .importUrl(ModelFolder.class.getProtectionDomain().getCodeSource().getLocation());

  private static final String[] METHOD = {"iadb", "image"};
  private static final String[] NOUNS = {"job", "storage", "model", "dataset"};
  private static final String[] LOWER = join(METHOD, NOUNS, "json");

  /** Package → the packages of ours that it may see, beside itself. */
  private static final Map<String, List<String>> SEES = new LinkedHashMap<>();

  /** Package → the libraries that it may see, beside Java's own. */
  private static final Map<String, List<String>> LIBRARIES =
      Map.of(
          "json", List.of("com.fasterxml.jackson.."),
          "torch", List.of("ai.djl..", "com.sun.jna..", "com.sun.management.."),
          "s3", List.of("io.minio..", "okhttp3..", "javax.net.."),
          "kafka", List.of("org.apache.kafka.."),
          "scaler", List.of("io.grpc..", "externalscaler..", "com.google.protobuf.."),
          "local", List.of("org.apache.kafka..", "kafka..", "org.gaul.."),
          "cli", List.of("picocli..", "com.sun.management.."));

  static {
    for (String bottom : join(METHOD, "json")) {
      SEES.put(bottom, List.of());
    }
    for (String noun : NOUNS) {
      SEES.put(noun, List.of(LOWER)); // cycles among them have a rule of their own
    }
    SEES.put("network", List.of("iadb", "model"));
    SEES.put("delivery", List.of("job", "storage", "json"));
    SEES.put("generation", List.of(join(LOWER, "network", "delivery")));
    SEES.put("training", List.of(join(LOWER, "network", "delivery")));
    SEES.put("study", List.of(join(LOWER, "network")));
    SEES.put("evaluation", List.of(join(LOWER, "network")));
    for (String adapter : new String[] {"torch", "s3", "kafka", "cli", "local", "http", "scaler"}) {
      SEES.put(
          adapter,
          List.of(join(LOWER, "network", "generation", "training", "study", "evaluation")));
    }
  }

  static {
    // Not an adapter of its own: what producers use of the one for Kafka.
    SEES.put("client", List.of(join(LOWER, "generation", "training", "kafka")));
  }

  @Test
  void everyPackageSeesLowerOnesAndItsOwnLibrariesAlone() {
    for (String name : packages()) {
      if (name.equals("worker")) {
        continue; // the root sees everything of ours; its libraries have rules below
      }
      assertThat(SEES).as("a package has a place in the order of imports").containsKey(name);
      List<String> allowed = new ArrayList<>(List.of("java..", "org.jspecify.."));
      allowed.add(ROOT + "." + name + "..");
      SEES.get(name).forEach(lower -> allowed.add(ROOT + "." + lower + ".."));
      allowed.addAll(LIBRARIES.getOrDefault(name, List.of()));
      if (name.equals("image")) {
        allowed.add("javax.imageio..");
      }
      classes()
          .that()
          .resideInAPackage(ROOT + "." + name + "..")
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

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void frameworksStayInTheRoot() {
    only(
        "worker",
        "io.quarkus..",
        "jakarta..",
        "org.eclipse.microprofile..",
        "io.smallrye..",
        "io.vertx..",
        "io.micrometer..",
        "io.opentelemetry..",
        "org.jboss..");
  }

  @Test
  void everyClientLibraryStaysInItsAdapter() {
    only("torch", "ai.djl..");
    only("s3", "io.minio..", "okhttp3..");
    only("kafka|local", "org.apache.kafka..", "kafka..");
    only("local", "org.gaul..");
    only("cli|worker", "picocli..");
    only("json", "com.fasterxml..");
    only("scaler", "io.grpc..", "externalscaler..", "com.google.protobuf..");
  }

  private static void only(String names, String... libraries) {
    String[] homes =
        List.of(names.split("\\|", -1)).stream()
            .map(name -> ROOT + "." + name + "..")
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideOutsideOfPackages(homes)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(libraries)
        .check(CLASSES);
  }

  @Test
  void onlyTheCommandLineAndTheChildProcessTalkToTheTerminal() {
    for (String stream : new String[] {"out", "err"}) {
      ArchRule rule =
          noClasses()
              .that()
              .resideOutsideOfPackages(ROOT + ".cli..", ROOT + ".worker..")
              .and()
              .doNotHaveFullyQualifiedName(ROOT + ".local.LocalStack") // its main
              .should()
              .accessField(System.class, stream);
      rule.check(CLASSES);
    }
  }

  @Test
  void everyPackageIsNullMarked() {
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
  void namesSayWhatAClassIs() {
    noClasses()
        .should()
        .haveNameMatching(".*(Manager|Helper|Helpers|Util|Utils|Impl|Service)")
        .check(CLASSES);
  }

  @Test
  void classesThatNobodyExtendsAreFinal() {
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

  /** First parts of our packages' names, behind the root. */
  private static Set<String> packages() {
    Set<String> names = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      names.add(part(type));
    }
    assertThat(names).contains("iadb", "generation", "torch", "worker");
    return names;
  }

  /** First part of the name of its package, behind the root. */
  static String part(JavaClass type) {
    return type.getPackageName().substring(ROOT.length() + 1).split("\\.", -1)[0];
  }

  static boolean ours(JavaClass type) {
    return type.getPackageName().startsWith(ROOT + ".");
  }

  private static String[] join(String[] a, String... b) {
    List<String> all = new ArrayList<>(List.of(a));
    all.addAll(List.of(b));
    return all.toArray(String[]::new);
  }

  private static String[] join(String[] a, String[] b, String... c) {
    return join(join(a, b), c);
  }
}
