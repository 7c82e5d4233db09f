package dev.mezzotint.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStackProcessTest {
  @TempDir Path data;

  @Test
  void kill_keepsData_andLeavesNoProcess() throws Exception {
    StackAddresses addresses;
    try (LocalStackProcess first = LocalStackProcess.start(data)) {
      addresses = first.addresses();
      assertThat(StackAddresses.find(data)).contains(addresses);
      assertThat(addresses.pid()).isEqualTo(first.pid());
      try (Admin admin = admin(first)) {
        admin.createTopics(List.of(new NewTopic("kept", 1, (short) 1))).all().get();
      }
      assertThatThrownBy(() -> LocalStackProcess.start(data))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another process already runs a local stack on");
      first.kill();
    }
    assertThat(Files.exists(data.resolve("stack.json"))).isTrue();
    assertThat(StackAddresses.find(data)).isEmpty();

    LocalStackProcess second = LocalStackProcess.start(data);
    try (second;
        Admin admin = admin(second)) {
      assertThat(admin.listTopics().names().get()).contains("kept");
      assertThat(second.addresses().secretKey()).isEqualTo(addresses.secretKey());
    }
    assertThat(second.alive()).isFalse();
    assertThat(Files.exists(data.resolve("stack.json"))).isFalse();
    assertThat(Files.exists(data.resolve("stack.log"))).isTrue();
  }

  @Test
  void exits_whenParentIsKilledAndHandlesAreClosed() throws Exception {
    Process parent =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                LocalStackParent.class.getName(),
                data.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String line =
        new BufferedReader(new InputStreamReader(parent.getInputStream(), StandardCharsets.UTF_8))
            .readLine();
    ProcessHandle child = ProcessHandle.of(Long.parseLong(line.substring(6))).orElseThrow();
    assertThat(child.isAlive()).isTrue();

    try (SharedStackHandle handle = SharedStackHandle.join(data)) {
      Files.writeString(data.resolve("guests/4194999"), ""); // the handle of a dead process
      parent.destroyForcibly().waitFor();
      Thread.sleep(1500);
      assertThat(handle).isNotNull();
      assertThat(StackAddresses.find(data)).as("runs while a handle is open").isPresent();
    }

    child.onExit().get(15, TimeUnit.SECONDS);
    assertThat(StackAddresses.find(data)).isEmpty();
  }

  @Test
  void classPath_inThePackage_findsItsJars() throws Exception {
    Path target = data;
    Path jar = file(target.resolve("quarkus-app/app/mezzotint.jar"));
    Path library = file(target.resolve("quarkus-app/lib/main/kafka-clients.jar"));
    Path boot = file(target.resolve("quarkus-app/lib/boot/logmanager.jar"));
    Path server = file(target.resolve("local-stack/lib/kafka.jar"));
    file(target.resolve("local-stack/lib/notes.txt"));

    assertThat(LocalStackProcess.classPath(jar))
        .contains(List.of(server.toString(), jar.toString(), library.toString(), boot.toString()));
  }

  @Test
  void classPath_outsideThePackage_isTheJvmsOwn() throws Exception {
    Optional<List<String>> own =
        Optional.of(List.of(System.getProperty("java.class.path").split(File.pathSeparator)));
    Path jar = file(data.resolve("quarkus-app/app/mezzotint.jar"));

    assertThat(LocalStackProcess.classPath(jar)).isEqualTo(own);
    assertThat(LocalStackProcess.classPath(null)).isEqualTo(own);
    assertThat(LocalStackProcess.SETTINGS_NEEDED)
        .contains(
            Set.of(
                "KAFKA_BOOTSTRAP_SERVERS",
                "S3_ENDPOINT",
                "S3_ACCESS_KEY",
                "S3_SECRET_KEY",
                "S3_BUCKET"));
  }

  private static Path file(Path path) throws IOException {
    Files.createDirectories(path.getParent());
    return Files.createFile(path);
  }

  private static Admin admin(LocalStackProcess stack) {
    return Admin.create(Map.of("bootstrap.servers", stack.addresses().bootstrapServers()));
  }
}
