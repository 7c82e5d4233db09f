package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights may have another precision and layout; results are float32. */
class CastTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/iadb_defaults");
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);

  /** Numbers of TorchScript's types: 6 float32, 15 bfloat16. */
  @ParameterizedTest
  @CsvSource({"6,false,1e-5", "6,true,1e-5", "15,false,0.03", "15,true,0.03"})
  void evaluate_isWithinThePrecision(int dtype, boolean channelsLast, double bound) {
    NetworkProgram program =
        NetworkProgram.of(
            NetworkConfig.read(GOLDEN.resolve("config.json")),
            Parameterization.direction(1),
            TrainStep.defaults());
    Map<String, Tensor> io = SafeTensors.read(GOLDEN.resolve("io.safetensors"));
    float[] expected = io.get("y").toFloats();
    try (NDManager manager = CPU.newManager();
        TorchProgram loaded = new TorchProgram(CPU, program);
        IValue weights =
            IValue.listFrom(
                TorchDevice.upload(
                    manager,
                    program,
                    SafeTensors.read(GOLDEN.resolve("diffusion_pytorch_model.safetensors"))));
        IValue cast =
            loaded.call("cast", weights, IValue.from((long) dtype), IValue.from(channelsLast));
        IValue y =
            loaded.call(
                "forward",
                IValue.from(
                    (PtNDArray) manager.create(io.get("x").toFloats(), new Shape(2, 3, 16, 16))),
                IValue.from((PtNDArray) manager.create(io.get("t").toFloats())),
                IValue.from((PtNDArray) manager.create(new long[2])),
                cast)) {
      float[] found = y.toTensor(TorchDevice.torch(manager)).toFloatArray();
      double worst = 0;
      for (int i = 0; i < expected.length; i++) {
        worst = Math.max(worst, Math.abs(found[i] - expected[i]));
      }
      assertThat(worst).isLessThan(bound);
    }
  }
}
