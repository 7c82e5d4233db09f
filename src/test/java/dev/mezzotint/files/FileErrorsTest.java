package dev.mezzotint.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileErrorsTest {
  @TempDir Path folder;

  @Test
  void reason_isWords_neverThePathAlone() {
    Map<Exception, String> reasons = new LinkedHashMap<>();
    reasons.put(new AccessDeniedException("/x/sub"), "permission denied");
    reasons.put(new NoSuchFileException("/x/sub"), "no such file or folder");
    reasons.put(new FileAlreadyExistsException("/x/sub"), "a file of this name exists already");
    reasons.put(new NotDirectoryException("/x/sub"), "not a folder");
    reasons.put(new DirectoryNotEmptyException("/x/sub"), "the folder is not empty");
    reasons.put(new FileSystemLoopException("/x/sub"), "the link leads back to itself");
    reasons.put(
        new FileSystemException("/x/sub", null, "Read-only file system"), "read-only file system");
    reasons.put(
        new FileSystemException("/x/sub", null, "No space left on device"),
        "no space left on device");
    reasons.put(new FileSystemException("/x/sub"), "FileSystemException");
    reasons.put(new FileNotFoundException("/x/sub (Permission denied)"), "permission denied");
    reasons.put(new IOException("is larger than 64 MiB"), "is larger than 64 MiB");
    reasons.put(new EOFException(), "it ends too early");
    reasons.put(new IOException(), "IOException");
    reasons.put(new UncheckedIOException(new AccessDeniedException("/x")), "permission denied");
    reasons.put(
        new UncheckedIOException("cannot write /x", new AccessDeniedException("/x")),
        "cannot write /x");
    reasons.forEach((e, words) -> assertThat(FileErrors.reason(e)).as("%s", e).isEqualTo(words));
  }

  @Test
  void describe_addsTheFile_andTheCauseOfAWrapper() {
    IOException denied = new AccessDeniedException("/x/sub");
    assertThat(FileErrors.describe(denied)).isEqualTo("permission denied: /x/sub");
    assertThat(FileErrors.describe(new UncheckedIOException(denied)))
        .isEqualTo("permission denied: /x/sub");
    assertThat(FileErrors.describe(new UncheckedIOException("/x cannot be read", denied)))
        .isEqualTo("/x cannot be read: permission denied: /x/sub");
    assertThat(FileErrors.describe(new UncheckedIOException("no: permission denied", denied)))
        .isEqualTo("no: permission denied");
    assertThat(FileErrors.describe(new IOException("is broken"))).isEqualTo("is broken");
  }

  @Test
  void reason_ofRealFailures_isWords() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThat(reason(() -> Files.createDirectories(file)))
        .isEqualTo("a file of this name exists already");
    assertThat(reason(() -> Files.list(file))).isEqualTo("not a folder");
    assertThat(reason(() -> Files.writeString(folder, "x"))).isEqualTo("is a directory");
    assertThat(reason(() -> Files.readString(folder.resolve("n".repeat(300)))))
        .isEqualTo("file name too long");
    assertThat(reason(() -> Path.of("a\0b"))).startsWith("a file name is not valid: Nul");
  }

  private static String reason(org.assertj.core.api.ThrowableAssert.ThrowingCallable action) {
    return FileErrors.reason(catchThrowable(action));
  }

  @Test
  void reason_ofNamesThatAreNotUtf8_saysSo() {
    assertThat(FileErrors.reason(new NoSuchFileException("/x/Stra\uFFFDe.png")))
        .isEqualTo("its name is not valid UTF-8: rename it");
    assertThat(FileErrors.reason(new NoSuchFileException("/x/Straße.png")))
        .isEqualTo("no such file or folder");
  }
}
