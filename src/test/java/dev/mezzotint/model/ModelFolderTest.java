package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFolderTest {
  private static final Map<String, Tensor> WEIGHTS = SafeTensors.read(Golden.SAFETENSORS);

  @TempDir Path temporary;

  private Path folder(String name, String... files) throws IOException {
    Path folder = Files.createDirectories(temporary.resolve(name));
    for (String file : files) {
      Files.copy(Golden.DEFAULTS.resolve(file), folder.resolve(file));
    }
    return folder;
  }

  private static Map<String, long[]> shapes(NetworkConfig config) {
    assertThat(((UNetConfig) config).blockOutChannels()).containsExactly(16, 32, 32);
    Map<String, long[]> shapes = new LinkedHashMap<>();
    WEIGHTS.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    return shapes;
  }

  @Test
  void plainFolder_hasThePapersConventions() {
    ModelFiles files = ModelFolder.openPath(Golden.DEFAULTS);
    assertThat(files.name()).isEqualTo("iadb_defaults");
    assertThat(files.version()).matches("[0-9a-f]{12}");
    assertThat(files.card().prediction()).isEqualTo(Prediction.DIRECTION);
    assertThat(files.weights()).as("safetensors before .bin").isEqualTo(Golden.SAFETENSORS);
    assertThat(files.readWeights()).isEqualTo(WEIGHTS);
  }

  @Test
  void weightsFile_isReadWithTheConfigurationNextToIt() {
    for (Path file : new Path[] {Golden.BIN, Golden.OLD_NAMES, Golden.SAFETENSORS}) {
      ModelFiles files = ModelFolder.open(file.toString(), temporary);
      assertThat(files.weights()).isEqualTo(file);
      assertThat(files.name()).isEqualTo("iadb_defaults");
      assertThat(files.readWeights()).isEqualTo(WEIGHTS);
    }
    assertThat(ModelFolder.openPath(Golden.SAFETENSORS).version())
        .isEqualTo(ModelFolder.openPath(Golden.DEFAULTS).version())
        .isNotEqualTo(ModelFolder.openPath(Golden.BIN).version());
  }

  @Test
  void pipeline_isReadFromItsUnet() throws IOException {
    folder("my pipeline!/unet", "config.json", "diffusion_pytorch_model.bin");
    ModelFiles files = ModelFolder.openPath(temporary.resolve("my pipeline!"));
    assertThat(files.name()).isEqualTo("my-pipeline-");
    assertThat(files.readWeights()).isEqualTo(WEIGHTS);
  }

  @Test
  void prefersFullPrecision_andSafetensors() throws IOException {
    Path folder = folder("a", "config.json", "diffusion_pytorch_model.bin");
    Path half = folder.resolve("diffusion_pytorch_model.fp16.safetensors");
    Map<String, Tensor> narrow = new LinkedHashMap<>(WEIGHTS);
    narrow.replaceAll((name, tensor) -> tensor.to(DType.F16));
    SafeTensors.write(half, narrow, Map.of());
    assertThat(ModelFolder.openPath(folder).weights()).isEqualTo(half);
    assertThat(ModelFolder.openPath(folder).readWeights().get("conv_in.bias").dtype())
        .isEqualTo(DType.F16);
    Path full =
        Files.copy(Golden.SAFETENSORS, folder.resolve("diffusion_pytorch_model.safetensors"));
    assertThat(ModelFolder.openPath(folder).weights()).isEqualTo(full);
  }

  @Test
  void cardVersion_appliesToStandardFilesOnly() throws IOException {
    Path folder =
        folder(
            "carded",
            "config.json",
            "diffusion_pytorch_model.safetensors",
            "old_keys_0.16.safetensors");
    Files.writeString(
        folder.resolve("model.json"),
        "{\"name\":\"n\",\"version\":\"3\",\"prediction\":\"x0\",\"timestepScale\":1000}");
    ModelFiles files = ModelFolder.openPath(folder);
    assertThat(files.name()).isEqualTo("n");
    assertThat(files.version()).isEqualTo("3");
    assertThat(files.card().prediction()).isEqualTo(Prediction.X0);
    assertThat(files.card().timestepScale()).isEqualTo(1000);
    Path other = folder.resolve("old_keys_0.16.safetensors");
    assertThat(ModelFolder.openPath(other).version()).matches("[0-9a-f]{12}");
    assertThat(ModelFolder.openPath(files.weights()).version()).isEqualTo("3");
  }

  @Test
  void invalidModels_areRefused() throws IOException {
    refuses(temporary.resolve("none"), "model", "no model");
    refuses(folder("empty"), "model", "config.json");
    refuses(folder("no-weights", "config.json"), "diffusion_pytorch_model.safetensors", "weights");
    refuses(folder("text", "config.json").resolve("config.json"), "model", "safetensors");
    Path alone = folder("alone", "old_keys_0.16.safetensors");
    refuses(alone.resolve("old_keys_0.16.safetensors"), "model", "config.json");
    Path sharded = folder("sharded", "config.json");
    Files.createFile(sharded.resolve("diffusion_pytorch_model.safetensors.index.json"));
    refuses(sharded, "diffusion_pytorch_model.safetensors", "several files");
    Path other = folder("other", "diffusion_pytorch_model.bin");
    Files.writeString(other.resolve("config.json"), "{\"_class_name\":\"AutoencoderKL\"}");
    refuses(other, "_class_name", "AutoencoderKL");
    Path carded = folder("carded", "config.json", "diffusion_pytorch_model.bin");
    Files.writeString(
        carded.resolve("model.json"),
        "{\"name\":\"x\",\"prediction\":\"x0\",\"timestepScale\":1,"
            + "\"condition\":[{\"name\":\"c\",\"kind\":\"rgb\",\"channels\":3}]}");
    refuses(carded, "condition", "model.json");
  }

  private static void refuses(Path path, String field, String reason) {
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> ModelFolder.openPath(path));
    assertThat(e).as(path.toString()).isNotNull();
    assertThat(e.field()).isEqualTo(field);
    assertThat(e).hasMessageContaining(reason);
  }

  @Test
  void bundledModels_areFoundByName_inTheirFolderOnly() throws IOException {
    Path bundled = Files.createDirectories(temporary.resolve("models"));
    folder("models/good", "config.json", "diffusion_pytorch_model.bin");
    Path outside = folder("outside", "config.json", "diffusion_pytorch_model.bin");
    Files.createSymbolicLink(bundled.resolve("link"), outside);
    Path leaking = folder("models/leaking", "config.json");
    Files.createSymbolicLink(
        leaking.resolve("diffusion_pytorch_model.bin"),
        outside.resolve("diffusion_pytorch_model.bin"));

    assertThat(ModelFolder.open(ModelReference.parseName("good"), bundled).name())
        .isEqualTo("good");
    for (String name : new String[] {"link", "leaking", "none"}) {
      InvalidInputException e =
          catchThrowableOfType(
              InvalidInputException.class,
              () -> ModelFolder.open(ModelReference.parseName(name), bundled));
      assertThat(e).as(name).isNotNull();
      assertThat(e.field()).isEqualTo("model");
    }
    assertThat(
            catchThrowableOfType(
                InvalidInputException.class, () -> ModelFolder.open("good@1", bundled)))
        .hasMessageContaining("object store");
  }

  @Test
  void importedModel_isReadBackWithCurrentNames() throws IOException {
    Path to = temporary.resolve("to");
    ModelFiles found = ModelFolder.openPath(Golden.OLD_NAMES);
    ModelFiles files = ModelFolder.importFolder(Golden.OLD_NAMES, to, ModelFolderTest::shapes);
    assertThat(files.readWeights()).isEqualTo(WEIGHTS);
    assertThat(files.config()).isEqualTo(found.config());
    assertThat(files.version()).isEqualTo(found.version());
    assertThat(files.card()).isEqualTo(found.card().withVersion(found.version()));
    try (Stream<Path> written = Files.list(to)) {
      assertThat(written.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "config.json", "model.json", "diffusion_pytorch_model.safetensors");
    }
    InvalidInputException e =
        catchThrowableOfType(
            InvalidInputException.class,
            () -> ModelFolder.importFolder(Golden.BIN, to, ModelFolderTest::shapes));
    assertThat(e).as("never over a model").hasMessageContaining("already");
  }

  @Test
  void import_refusesWrongWeights() throws IOException {
    Path from = folder("from", "config.json");
    Map<String, Tensor> lacking = new LinkedHashMap<>(WEIGHTS);
    lacking.remove("conv_out.weight");
    SafeTensors.write(from.resolve("diffusion_pytorch_model.safetensors"), lacking, Map.of());
    Path to = temporary.resolve("to");
    InvalidInputException e =
        catchThrowableOfType(
            InvalidInputException.class,
            () -> ModelFolder.importFolder(from, to, ModelFolderTest::shapes));
    assertThat(e.field()).isEqualTo("conv_out.weight");
    assertThat(to).doesNotExist();
  }
}
