package dev.mezzotint.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FolderFilesTest {
  private static final int MANY = 1000;

  @TempDir Path folder;

  private Path file(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, name);
  }

  private void link(String name, String target) throws IOException {
    Path link = folder.resolve(name);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, Path.of(target));
  }

  @Test
  void names_followsLinks_alsoOfTheRoot() throws IOException {
    file("real/dog/1.png");
    file("set/cat/1.png");
    link("set/dog", "../real/dog");
    link("set/cat/2.png", "1.png");
    link("root", "set");
    assertThat(FolderFiles.names(folder.resolve("root"), MANY))
        .containsExactlyInAnyOrder("cat/1.png", "cat/2.png", "dog/1.png");
    try (var in = FolderFiles.open(folder.resolve("root"), "dog/1.png")) {
      assertThat(in.readAllBytes()).asString().isEqualTo("real/dog/1.png");
    }
  }

  @Test
  @Timeout(20)
  void names_passesOverLinksThatLeadBack() throws IOException {
    file("set/a/1.png");
    link("set/a/up", "..");
    link("set/self", "self");
    link("set/a/b", "../a");
    assertThat(FolderFiles.names(folder.resolve("set"), MANY)).contains("a/1.png");
    assertThat(FolderFiles.names(folder.resolve("set"), MANY))
        .filteredOn(name -> name.endsWith(".png"))
        .containsExactly("a/1.png");
  }

  @Test
  @Timeout(60)
  void names_refusesLinksThatMultiplyWithoutEnd() throws IOException {
    for (int i = 0; i < 25; i++) { // 2 to the power of 25 paths
      link("deep/" + i + "/left", "../" + (i + 1));
      link("deep/" + i + "/right", "../" + (i + 1));
    }
    Files.createDirectories(folder.resolve("deep/25"));
    assertThatThrownBy(() -> FolderFiles.names(folder.resolve("deep/0"), MANY))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageEndingWith("has more than 50000 folders");
  }

  @Test
  void names_leavesOutHiddenFiles_andTheVolumesOwnFolder() throws IOException {
    file("1.png");
    file(".git/2.png");
    file("lost+found/3.png");
    file(".4.png");
    assertThat(FolderFiles.names(folder, MANY)).containsExactly("1.png");
    file(".hidden/5.png");
    assertThat(FolderFiles.names(folder.resolve(".hidden"), MANY)).containsExactly("5.png");
  }

  @Test
  void names_refusesTooManyFiles_andTooDeepFolders() throws IOException {
    file("1.png");
    file("2.png");
    assertThatThrownBy(() -> FolderFiles.names(folder, 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageEndingWith("has more than 1 files");
    file("x/".repeat(33) + "3.png");
    assertThatThrownBy(() -> FolderFiles.names(folder, MANY))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("has more than 32 folders in each other");
  }

  @Test
  void names_refusesAFolderThatCannotBeRead_inWords() throws IOException {
    file("sub/1.png");
    Files.setPosixFilePermissions(
        folder.resolve("sub"), PosixFilePermissions.fromString("---------"));
    assumeThat(Files.isReadable(folder.resolve("sub"))).as("not for the administrator").isFalse();
    assertThatThrownBy(() -> FolderFiles.names(folder, MANY))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(folder + " cannot be read: permission denied: " + folder.resolve("sub"));
  }

  @Test
  void open_ofALinkWithoutTarget_namesTheTarget() throws IOException {
    link("1.png", "gone.png");
    assertThat(FolderFiles.names(folder, MANY)).containsExactly("1.png");
    assertThatThrownBy(() -> FolderFiles.open(folder, "1.png"))
        .hasMessage("is a link to gone.png, which does not exist");
    assertThatThrownBy(() -> FolderFiles.open(folder, "2.png"))
        .hasMessage("cannot be read: no such file or folder");
  }
}
