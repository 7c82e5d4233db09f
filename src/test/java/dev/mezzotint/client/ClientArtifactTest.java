package dev.mezzotint.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The artifact of client/pom.xml, built without Maven. */
class ClientArtifactTest {
  private static final Path SOURCES = Path.of("src/main/java");
  private static final Path EXAMPLE = Path.of("examples/java-producer");

  /** All that a producer has on its class path. */
  private static final List<Class<?>> LIBRARIES =
      List.of(
          KafkaProducer.class,
          ObjectMapper.class,
          JsonFactory.class,
          JsonInclude.class,
          NullMarked.class);

  @TempDir Path folder;

  private static String pom() throws IOException {
    return Files.readString(Path.of("client/pom.xml"));
  }

  private static List<String> all(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().map(m -> m.group(1)).toList();
  }

  private static Path jar(Class<?> type) throws Exception {
    URI location = type.getProtectionDomain().getCodeSource().getLocation().toURI();
    return Path.of(location);
  }

  private static List<Path> files(Path root, PathMatcher wanted) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(file -> wanted.matches(root.relativize(file))).sorted().toList();
    }
  }

  private void compile(List<Path> sources, List<Path> classPath, Path out) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      String path = classPath.stream().map(Path::toString).collect(Collectors.joining(":"));
      List<String> options =
          List.of(
              "--release",
              "17",
              "-proc:none",
              "-implicit:none",
              "-d",
              out.toString(),
              "-sourcepath",
              folder.toString(),
              "-classpath",
              path);
      boolean compiled =
          compiler
              .getTask(
                  messages, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
              .call();
      assertThat(compiled).as(messages.toString()).isTrue();
    }
  }

  @Test
  void clientAndExample_compileAgainstKafkaAndJacksonAlone() throws Exception {
    List<Path> sources = new ArrayList<>();
    for (String include : all(pom(), "<include>(.+?)</include>")) {
      List<Path> found = files(SOURCES, FileSystems.getDefault().getPathMatcher("glob:" + include));
      assertThat(found).as(include).isNotEmpty();
      sources.addAll(found);
    }
    List<Path> classPath = new ArrayList<>();
    for (Class<?> library : LIBRARIES) {
      classPath.add(jar(library));
    }
    Path client = Files.createDirectory(folder.resolve("client"));
    compile(sources, classPath, client);

    classPath.add(client);
    List<Path> example = files(EXAMPLE, FileSystems.getDefault().getPathMatcher("glob:**.java"));
    assertThat(example).isNotEmpty();
    compile(example, classPath, Files.createDirectory(folder.resolve("example")));
  }

  @Test
  void pom_namesThreeLibraries_inTheWorkersVersions() throws Exception {
    String pom = pom();
    String worker = Files.readString(Path.of("pom.xml"));
    assertThat(all(pom.substring(pom.indexOf("<dependencies>")), "<artifactId>(.+?)</artifactId>"))
        .startsWith("kafka-clients", "jackson-databind", "jspecify");
    assertThat(all(pom, "<dependency>()")).hasSize(3);
    for (String same : List.of("kafka.version", "jspecify.version", "compiler-plugin.version")) {
      assertThat(property(pom, same)).as(same).isEqualTo(property(worker, same));
    }
    String version = property(pom, "version");
    assertThat(version).isEqualTo(property(worker, "version"));
    assertThat(Files.readString(EXAMPLE.resolve("pom.xml")))
        .contains("<version>" + version + "</version>");
    assertThat(Files.readString(Path.of("docs/messages.md"))).contains("mezzotint-client");
    // The worker's comes from the Quarkus BOM.
    assertThat(jar(ObjectMapper.class))
        .hasToString(
            jar(ObjectMapper.class)
                .resolveSibling("jackson-databind-" + property(pom, "jackson.version") + ".jar")
                .toString());
  }

  private static String property(String pom, String name) {
    Matcher matcher = Pattern.compile("<" + name + ">(.+?)</" + name + ">").matcher(pom);
    assertThat(matcher.find()).as(name).isTrue();
    return matcher.group(1);
  }
}
