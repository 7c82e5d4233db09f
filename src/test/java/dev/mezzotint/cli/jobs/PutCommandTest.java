package dev.mezzotint.cli.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.cli.OneSystem;
import dev.mezzotint.cli.Terminal;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PutCommandTest {
  @TempDir private Path folder;
  private final OneSystem system = new OneSystem();
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() throws IOException {
    terminal = new Terminal(folder);
    Files.createDirectories(folder.resolve("maps/day"));
    Files.writeString(folder.resolve("maps/1.png"), "one");
    Files.writeString(folder.resolve("maps/day/2.png"), "two");
    Files.writeString(folder.resolve("maps/.hidden"), "no");
  }

  @Test
  void put_file_becomesObject() {
    assertThat(terminal.run(system, "put @/maps/1.png inputs/a.png")).isZero();
    assertThat(system.store.get("inputs/a.png").orElseThrow().bytes()).asString().isEqualTo("one");
    assertThat(terminal.stderr()).isEqualTo("put inputs/a.png: 1 file\n");
  }

  @Test
  void put_folder_becomesObjectsOrZip() throws IOException {
    assertThat(terminal.run(system, "put @/maps clips/")).isZero();
    assertThat(system.store.list("")).containsExactly("clips/1.png", "clips/day/2.png");
    assertThat(terminal.run(system, "put @/maps clips/7.zip")).isZero();
    Map<String, String> zipped = new TreeMap<>();
    try (ZipInputStream zip =
        new ZipInputStream(
            new ByteArrayInputStream(system.store.get("clips/7.zip").orElseThrow().bytes()))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        zipped.put(entry.getName(), new String(zip.readAllBytes()));
      }
    }
    assertThat(zipped).isEqualTo(Map.of("1.png", "one", "day/2.png", "two"));
  }

  @Test
  void put_refusesInvalidKeysAndPaths() throws IOException {
    terminal.refuses(system, "put @/nothing inputs/a.png", "there is no file or folder");
    terminal.refuses(system, "put @/maps inputs/a.png", "is a folder", "end in .zip, or in /");
    terminal.refuses(system, "put @/maps/1.png inputs/", "is a file", "must not end in /");
    terminal.refuses(system, "put @/maps/1.png /a.png", "KEY must be an object's key");
    terminal.refuses(system, "put @/maps/1.png jobs/a/manifest.json", "must not begin with jobs/");
    terminal.refuses(system, "put @/maps models/", "must not begin with jobs/ or models/");
    Files.createDirectories(folder.resolve("empty"));
    terminal.refuses(system, "put @/empty clips/", "must contain 1 to");
    assertThat(system.store.list("")).isEmpty();
  }
}
