package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.client.JobClient;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.storage.MemoryObjectStore;
import dev.mezzotint.storage.ObjectTransfer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code models}, with a store in memory. */
class ModelsCommandTest {
  @TempDir Path folder;
  private final MemoryObjectStore store = new MemoryObjectStore();
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() throws IOException {
    terminal = new Terminal(folder);
    for (String version : List.of("1", "2", "3")) {
      ModelFiles files = ModelFolder.openPath(Path.of(Terminal.DEFAULTS));
      ModelFolder.write(
          folder.resolve(version),
          files.config(),
          files.readWeights(),
          files.card().withVersion(version));
    }
  }

  private String done(String line) {
    assertThat(terminal.run(new WithStore(), line)).as("%s: %s", line, terminal.stderr()).isZero();
    return terminal.stdout();
  }

  private String refused(String line) {
    assertThat(terminal.run(new WithStore(), line)).as(line).isEqualTo(2);
    assertThat(terminal.stderr().lines()).hasSize(1);
    return terminal.stderr();
  }

  @Test
  void list_showsBundledModels_andStoredVersionsWithTheNewestLast() {
    done("models push @/1");
    done("models push @/2");
    assertThat(done("models list").lines().map(line -> line.split(" +")[0]))
        .containsSubsequence(
            "avatars-32@" + ModelFolder.openPath(Path.of("models/avatars-32")).version(),
            "iadb_defaults@1",
            "iadb_defaults@2");
    assertThat(terminal.stdout().lines().filter(line -> line.endsWith("latest"))).hasSize(1);
    assertThat(terminal.stdout()).startsWith("MODEL ").contains("DRAWS");
    assertThat(terminal.stdout().lines().filter(line -> line.contains("iadb_defaults@2")))
        .singleElement()
        .asString()
        .contains("16×16");
    JsonObject newest =
        done("models list --json").lines().map(JsonObject::parse).reduce((a, b) -> b).orElseThrow();
    assertThat(newest.string("version")).contains("2");
    assertThat(newest.bool("newest", false)).isTrue();
    assertThat(newest.string("place")).contains("store");
  }

  @Test
  void list_withoutStore_showsBundledModels() {
    terminal.succeeds("models list");
    assertThat(terminal.stdout())
        .contains("avatars-32@", "28×28, class 0 to 9", "64×64, condition labels")
        .contains("points of the plane");
    assertThat(terminal.stderr()).contains("bundled models only: no worker runs here");
  }

  @Test
  void show_printsCardAndNetwork() {
    assertThat(done("models show avatars-32 --json"))
        .contains("\"timestepScale\"", "\"block_out_channels\"", "\"bytes\"");
    assertThat(done("models show avatars-32"))
        .contains(
            "avatars-32@3\n",
            "draws     32×32\n",
            "settings  ab2, 32 steps; ",
            "7.9 MB, ",
            "licence ")
        .doesNotContain("alphas", "{");
    assertThat(terminal.stdout().lines()).hasSize(6);
    assertThat(done("models show fashion-28")).contains("class 0 to 9 (T-shirt/top, Trouser, ");
  }

  @Test
  void pull_returnsWhatWasPushed() {
    assertThat(done("models push @/1 --json"))
        .isEqualTo("{\"name\":\"iadb_defaults\",\"newest\":true,\"version\":\"1\"}\n");
    assertThat(done("models pull iadb_defaults@latest --to @/copy --json"))
        .contains("\"version\":\"1\"", "\"out\":");
    assertThat(ModelFolder.openPath(folder.resolve("copy")).readWeights())
        .isEqualTo(ModelFolder.openPath(Path.of(Terminal.DEFAULTS)).readWeights());
    assertThat(refused("models push @/1")).contains("iadb_defaults@1 is in the store already");
    assertThat(refused("models pull iadb_defaults@1 --to @/copy")).contains("--out");
  }

  @Test
  void delete_removesAVersion_butNotTheNewest() {
    done("models push @/1");
    done("models push @/2");
    assertThat(refused("models delete iadb_defaults@2")).contains("is the newest");
    assertThat(refused("models delete iadb_defaults")).contains("NAME@VERSION");
    assertThat(refused("models delete iadb_defaults@9")).contains("there is no model");
    assertThat(done("models delete iadb_defaults@1 --json"))
        .isEqualTo("{\"removed\":[\"iadb_defaults@1\"]}\n");
    assertThat(store.list("models/iadb_defaults/1/")).isEmpty();
    assertThat(store.list("models/iadb_defaults/2/")).isNotEmpty();
  }

  @Test
  void prune_keepsTheNewest() {
    for (String version : List.of("2", "1", "3")) { // the order in time counts, not that of names
      done("models push @/" + version);
    }
    assertThat(done("models prune iadb_defaults --keep 2"))
        .contains("iadb_defaults@2 removed", "1 removed");
    assertThat(done("models list")).contains("iadb_defaults@1", "iadb_defaults@3");
    assertThat(done("models prune iadb_defaults --keep 2")).isEqualTo("0 removed\n");
    assertThat(done("models prune iadb_defaults --keep 2 --json")).isEqualTo("{\"removed\":[]}\n");
    assertThat(refused("models prune absent --keep 2")).contains("no model absent");
    assertThat(refused("models prune iadb_defaults --keep 0")).contains("--keep");
  }

  private final class WithStore implements CommandContext {
    @Override
    public Runnable onShutdown(Runnable toEnd) {
      return () -> {};
    }

    @Override
    public Device device(String name) {
      return Terminal.CONTEXT.device(name);
    }

    @Override
    public ModelFiles model(String reference) {
      return ModelReference.parse(reference) instanceof ModelReference.Stored stored
              && !stored.name().startsWith("avatars")
          ? inStore(models -> models.open(stored))
          : Terminal.CONTEXT.model(reference);
    }

    @Override
    public Path bundledModels() {
      return Terminal.CONTEXT.bundledModels();
    }

    @Override
    public <T> T inStore(Function<StoredModels, T> work) {
      return work.apply(new StoredModels(store, folder.resolve("brought"), Long.MAX_VALUE));
    }

    @Override
    public JobClient client() {
      throw new AssertionError();
    }

    @Override
    public ObjectTransfer objects() {
      throw new AssertionError();
    }
  }
}
