package dev.mezzotint.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectTransferTest {
  @TempDir Path folder;
  private final MemoryObjectStore store = new MemoryObjectStore();
  private final ObjectTransfer transfer = new ObjectTransfer(() -> store, "bucket");

  private List<String> downloaded(String... names) {
    for (String name : names) {
      store.create("jobs/a/" + name, new byte[] {1}, ContentType.PNG);
    }
    return transfer.download("a", folder).stream()
        .map(file -> folder.relativize(file).toString())
        .toList();
  }

  @Test
  void download_keepsTheFolderOfAFrame_whateverOthersThereAre() {
    assertThat(downloaded("job.json", "images/left/0001.png", "images/left/0002.png"))
        .containsExactlyInAnyOrder("left/0001.png", "left/0002.png");
    assertThat(downloaded("images/right/0001.png"))
        .containsExactlyInAnyOrder("left/0001.png", "left/0002.png", "right/0001.png");
  }

  @Test
  void download_doesNotReplaceADerivedFileByAnImageOfItsName() {
    assertThat(
            downloaded(
                "images/00000.png",
                "images/grid.png",
                "grid.png",
                "manifest.json",
                "samples/1.png"))
        .containsExactlyInAnyOrder(
            "00000.png", "images/grid.png", "grid.png", "manifest.json", "samples/1.png");
  }

  @Test
  void download_neverLeavesTheFolder() {
    assertThat(downloaded("images/../../../../outside.png", "images/1.png"))
        .containsExactly("1.png");
  }

  @Test
  void download_namesTheReason() throws Exception {
    Files.writeString(folder.resolve("left"), "a file in the way");
    store.create("jobs/a/images/left/1.png", new byte[] {1}, ContentType.PNG);
    assertThatThrownBy(() -> transfer.download("a", folder))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot be copied to " + folder + ": a file of this name exists");
  }
}
