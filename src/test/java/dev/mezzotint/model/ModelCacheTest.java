package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.delivery.EventLog;
import dev.mezzotint.delivery.Line;
import dev.mezzotint.job.WorkerFaultException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.MemoryObjectStore;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCacheTest {
  private static final Path MODEL = Path.of("src/test/resources/golden/iadb_defaults");
  private static final Instant NOW = Instant.now();

  @TempDir private Path root;

  private final MemoryObjectStore store = new MemoryObjectStore();
  private Instant now = NOW;
  private long size;

  @BeforeEach
  void publish() throws IOException {
    for (String version : List.of("1", "2", "3")) {
      for (String file : List.of("config.json", WeightsFile.SAFETENSORS)) {
        byte[] bytes = Files.readAllBytes(MODEL.resolve(file));
        store.put(Keys.modelFile("tiny", version, file), bytes, "");
        size = bytes.length; // of the weights at last
      }
    }
  }

  /** With room for so many of these models. */
  private ModelCache cache(int models) {
    return new ModelCache(store, root, models * size + models * 10_000L, () -> now);
  }

  private List<String> kept() throws IOException {
    try (Stream<Path> versions = Files.list(root.resolve("tiny"))) {
      return versions.map(folder -> folder.getFileName().toString()).sorted().toList();
    }
  }

  private void wait(int seconds) {
    now = now.plus(Duration.ofSeconds(seconds));
  }

  @Test
  void theOneUnusedForLongestMakesRoom() throws IOException {
    ModelCache cache = cache(2);
    cache.open("tiny", "1");
    wait(100);
    cache.open("tiny", "2");
    wait(100);
    Map<String, Tensor> read = cache.open("tiny", "1").readWeights();
    wait(100);
    ModelFiles third = cache.open("tiny", "3");
    assertThat(kept()).containsExactly("1", "3");
    assertThat(third.version()).isEqualTo("3");
    assertThat(third.readWeights()).isEqualTo(read);
    assertThat(cache.open("tiny", "2").readWeights()).as("brought again").isEqualTo(read);
  }

  @Test
  void whatSomebodyIsAboutToReadStays() throws IOException {
    ModelCache cache = cache(1);
    cache.open("tiny", "1");
    wait(10);
    assertThatThrownBy(() -> cache.open("tiny", "2"))
        .isInstanceOf(WorkerFaultException.class)
        .hasMessageContaining("tiny@2")
        .hasMessageContaining("in use");
    assertThat(kept()).containsExactly("1");
    wait(60);
    cache.open("tiny", "2");
    assertThat(kept()).containsExactly("2");
  }

  @Test
  void whatCanNeverFitIsRefused() {
    ModelCache small = new ModelCache(store, root, size - 1, () -> now);
    assertThatThrownBy(() -> small.open("tiny", "1"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(size + " bytes");
    assertThatThrownBy(() -> small.open("tiny", "4"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("there is no model tiny@4");
  }

  @Test
  void whatBrokeOffLeavesNothingAndWhatCrashedIsSweptUp() throws IOException {
    Line.Fault away =
        (after, call, subject) -> {
          if (call.equals("open")) {
            throw new StorageException("away");
          }
        };
    Line line = new Line(store, new EventLog(), away);
    assertThatThrownBy(() -> new ModelCache(line, root, 10 * size, () -> now).open("tiny", "1"))
        .isInstanceOf(StorageException.class);
    assertThat(kept()).isEmpty();

    Path crashed = Files.createDirectories(root.resolve("tiny").resolve(".1.x.part"));
    Files.write(crashed.resolve(WeightsFile.SAFETENSORS), new byte[9]);
    cache(3).open("tiny", "1");
    assertThat(kept()).as("its maker may be alive").containsExactly(".1.x.part", "1");
    wait(3_600);
    cache(3).open("tiny", "2");
    assertThat(kept()).containsExactly("1", "2");
  }

  @Test
  void halfAFolderIsReplaced() throws IOException {
    Path half = Files.createDirectories(root.resolve("tiny").resolve("1"));
    Files.write(half.resolve(WeightsFile.SAFETENSORS), new byte[9]);
    assertThat(cache(2).open("tiny", "1").readWeights()).isNotEmpty();
    assertThat(kept()).containsExactly("1");
  }

  @Test
  void aListAsksForNoWeights() {
    Line.Fault small =
        (after, call, subject) -> assertThat(subject).doesNotContain(WeightsFile.SAFETENSORS);
    Line line = new Line(store, new EventLog(), small);
    StoredModels models = new StoredModels(line, root, 0);
    StoredModels.Described described = models.describe("tiny", "1");
    assertThat(described.config().outChannels()).isEqualTo(3);
    assertThat(described.card().name()).isEqualTo("tiny");
    assertThatThrownBy(() -> models.describe("tiny", "4"))
        .isInstanceOf(InvalidInputException.class);
  }
}
