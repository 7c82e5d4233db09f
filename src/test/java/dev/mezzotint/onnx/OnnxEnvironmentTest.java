package dev.mezzotint.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;

class OnnxEnvironmentTest {
  private static final NetworkProgram TINY =
      NetworkProgram.of(
          UNetConfig.parse(
              JsonObject.parse(
                  """
                  {"block_out_channels": [8], "down_block_types": ["DownBlock2D"],
                   "up_block_types": ["UpBlock2D"], "layers_per_block": 1,
                   "norm_num_groups": 4, "attention_head_dim": 8}
                  """)),
          Parameterization.direction(1000),
          TrainStep.defaults());

  @Test
  void networksLoadAfterTheShutdownHookOfTheBinding() throws Exception {
    OnnxDevice device = new OnnxDevice(1);
    Field handle = OrtEnvironment.class.getDeclaredField("nativeHandle");
    handle.setAccessible(true);
    Method close = OrtEnvironment.class.getDeclaredMethod("close", long.class, long.class);
    close.setAccessible(true);

    close.invoke(
        null, OnnxEnvironment.apiHandle(), handle.getLong(OrtEnvironment.getEnvironment()));
    try (var network = device.load(TINY, TINY.initialWeights(3))) {
      assertThat(network.slots(1, 8, 8)).isNotNull();
    } finally {
      OnnxEnvironment.retain();
    }
  }
}
