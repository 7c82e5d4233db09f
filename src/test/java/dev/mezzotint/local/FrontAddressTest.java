package dev.mezzotint.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the published address of a worker. */
class FrontAddressTest {
  private static final String OF_PROCESS = "{\"port\": 8080, \"pid\": %d}";

  @TempDir Path data;

  @Test
  void publishedAddress_isFound_untilItIsRemoved() throws IOException {
    assertThat(FrontAddress.find(data)).isEmpty();
    FrontAddress.publish(data, 8080);
    assertThat(FrontAddress.find(data))
        .contains(new FrontAddress(8080, ProcessHandle.current().pid()));
    FrontAddress.remove(data);
    assertThat(FrontAddress.find(data)).isEmpty();
  }

  @Test
  void addressOfADeadProcess_isNotFound() throws IOException {
    Files.writeString(data.resolve("worker.json"), OF_PROCESS.formatted(Integer.MAX_VALUE));
    assertThat(FrontAddress.find(data)).isEmpty();
    Files.writeString(data.resolve("worker.json"), "{\"port\": 8080");
    assertThat(FrontAddress.find(data)).isEmpty();
  }

  @Test
  void addressOfAnotherProcess_isNotRemoved() throws IOException {
    long parent = ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(1L);
    Files.writeString(data.resolve("worker.json"), OF_PROCESS.formatted(parent));
    FrontAddress.remove(data);
    assertThat(FrontAddress.find(data)).contains(new FrontAddress(8080, parent));
  }
}
