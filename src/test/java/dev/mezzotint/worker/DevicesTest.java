package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.Precision;
import dev.mezzotint.sampling.ModelResolver;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DevicesTest {

  private static Device open(String engine, String precision) {
    return Devices.open(
        Site.settings(
            new HashMap<>(Map.of("mezzotint.engine", engine, "mezzotint.precision", precision))));
  }

  @ParameterizedTest
  @CsvSource({
    "auto, auto, ONNXRUNTIME",
    "onnxruntime, float32, ONNXRUNTIME",
    "pytorch, auto, PYTORCH",
    "auto, bf16, PYTORCH"
  })
  void open_selectsTheEngine(String engine, String precision, Engine expected) {
    assertThat(open(engine, precision).engine()).isEqualTo(expected);
  }

  @Test
  void open_refusesOnnxRuntimeInAnotherPrecision() {
    assertThatThrownBy(() -> open("onnxruntime", "bf16"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("MEZZOTINT_ENGINE=onnxruntime is for the device cpu and float32");
  }

  @Test
  void resumedJob_keepsItsEngine_whereTheDeviceHasIt() {
    assertThat(engineOf(open("pytorch", "auto"), Engine.ONNXRUNTIME)).contains(Engine.ONNXRUNTIME);
    assertThat(engineOf(open("auto", "auto"), Engine.PYTORCH)).contains(Engine.PYTORCH);
    Device onlyTorch = open("auto", "auto").in(Precision.BF16);
    assertThat(engineOf(onlyTorch, Engine.ONNXRUNTIME)).contains(Engine.PYTORCH);
  }

  private static Optional<Engine> engineOf(Device device, Engine begun) {
    return new ModelResolver(device, name -> ModelFolder.open(name, Path.of("models")))
        .find("avatars-32", Optional.of(begun))
        .engine();
  }
}
