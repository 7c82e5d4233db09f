package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.RecordingEventPublisher;
import dev.mezzotint.job.WorkerFaultException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.MemoryObjectStore;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
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

  /** With room for this number of models. */
  private ModelCache cache(int models) {
    return new ModelCache(store, root, models * size + models * 10_000L, () -> now);
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(Files::isDirectory)
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  private void wait(int seconds) {
    now = now.plus(Duration.ofSeconds(seconds));
  }

  @Test
  void evictsLeastRecentlyUsedVersion() throws IOException {
    ModelCache cache = cache(2);
    cache.open("tiny", "1");
    wait(100);
    cache.open("tiny", "2");
    wait(100);
    Map<String, Tensor> read = cache.open("tiny", "1").readWeights();
    wait(100);
    ModelFiles third = cache.open("tiny", "3");
    assertThat(entries()).containsExactly("tiny@1", "tiny@3");
    assertThat(third.version()).isEqualTo("3");
    assertThat(third.readWeights()).isEqualTo(read);
    assertThat(cache.open("tiny", "2").readWeights()).as("downloaded again").isEqualTo(read);
  }

  @Test
  void keepsVersion_openedAMomentAgo() throws IOException {
    ModelCache cache = cache(1);
    cache.open("tiny", "1");
    wait(10);
    assertThatThrownBy(() -> cache.open("tiny", "2"))
        .isInstanceOf(WorkerFaultException.class)
        .hasMessageContaining("tiny@2")
        .hasMessageContaining("in use");
    assertThat(entries()).containsExactly("tiny@1");
    wait(60);
    cache.open("tiny", "2");
    assertThat(entries()).containsExactly("tiny@2");
  }

  @Test
  void refusesVersion_largerThanTheCache() {
    ModelCache small = new ModelCache(store, root, size - 1, () -> now);
    assertThatThrownBy(() -> small.open("tiny", "1"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(size + " bytes");
    assertThatThrownBy(() -> small.open("tiny", "4"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("there is no model tiny@4");
  }

  @Test
  void failedDownload_leavesNothing_andPartsOfCrashedProcessesAreRemoved() throws IOException {
    FaultInjector.Fault away =
        (after, call, subject) -> {
          if (call.equals("open")) {
            throw new StorageException("away");
          }
        };
    FaultInjector injector = new FaultInjector(store, new RecordingEventPublisher(), away);
    assertThatThrownBy(() -> new ModelCache(injector, root, 10 * size, () -> now).open("tiny", "1"))
        .isInstanceOf(StorageException.class);
    assertThat(entries()).isEmpty();

    Path part = Files.createDirectories(root.resolve("tiny@1.x.part"));
    Files.write(part.resolve(WeightsFile.SAFETENSORS), new byte[9]);
    try (FolderLock writing = FolderLock.shared(part)) {
      cache(3).open("tiny", "1");
      assertThat(entries()).as("being written").containsExactly("tiny@1", "tiny@1.x.part");
      assertThat(writing.file()).exists();
    }
    cache(3).open("tiny", "2");
    assertThat(entries()).containsExactly("tiny@1", "tiny@2");
  }

  @Test
  void foldersOfEarlierVersions_areEvicted_andNeverOpened() throws IOException {
    Path half = Files.createDirectories(root.resolve("tiny").resolve("1"));
    Files.write(half.resolve(WeightsFile.SAFETENSORS), new byte[(int) size]);
    assertThat(cache(1).open("tiny", "1").readWeights()).isNotEmpty();
    assertThat(entries()).containsExactly("tiny@1");
  }

  @Test
  void truncatedDownload_isNotKept() throws IOException {
    String weights = Keys.modelFile("tiny", "1", WeightsFile.SAFETENSORS);
    byte[] whole = store.get(weights).orElseThrow().bytes();
    FaultInjector.Fault shrinks =
        (after, call, subject) -> {
          if (!after && call.equals("open") && subject.equals(weights)) {
            store.put(weights, Arrays.copyOf(whole, whole.length / 2), "");
          }
        };
    FaultInjector injector = new FaultInjector(store, new RecordingEventPublisher(), shrinks);
    assertThatThrownBy(() -> new ModelCache(injector, root, 10 * size, () -> now).open("tiny", "1"))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("changed or the connection was lost");
    assertThat(entries()).isEmpty();
  }

  @Test
  void describe_readsNoWeights() {
    FaultInjector.Fault small =
        (after, call, subject) -> assertThat(subject).doesNotContain(WeightsFile.SAFETENSORS);
    FaultInjector injector = new FaultInjector(store, new RecordingEventPublisher(), small);
    StoredModels models = new StoredModels(injector, root, 0);
    StoredModels.Described described = models.describe("tiny", "1");
    assertThat(described.config().outChannels()).isEqualTo(3);
    assertThat(described.card().name()).isEqualTo("tiny");
    assertThatThrownBy(() -> models.describe("tiny", "4"))
        .isInstanceOf(InvalidInputException.class);
  }
}
