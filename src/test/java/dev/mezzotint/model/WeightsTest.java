package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.json.InvalidInputException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightsTest {
  @Test
  void officialOldNames_areConverted() {
    Map<String, long[]> olds = Golden.officialKeys("old_0.16");
    List<String> news = new ArrayList<>(Golden.officialKeys("new").keySet());
    assertThat(olds).hasSize(450);
    assertThat(olds.keySet().stream().map(WeightNames::current)).containsExactlyElementsOf(news);
    assertThat(news.stream().map(WeightNames::current)).containsExactlyElementsOf(news);
  }

  @Test
  void oldFile_hasTheSameTensorsAsTheNewOne() {
    Map<String, Tensor> old = SafeTensors.read(Golden.OLD_NAMES);
    Map<String, Tensor> expected = SafeTensors.read(Golden.SAFETENSORS);
    assertThat(old).isNotEqualTo(expected);
    assertThat(WeightNames.current(old)).isEqualTo(expected);
  }

  @Test
  void onlyAttention_isRenamed() {
    for (String name :
        List.of(
            "query.weight",
            "mid_block.query.weight",
            "attentions.query.bias",
            "x.attentions.0.query")) {
      assertThat(WeightNames.current(name)).isEqualTo(name);
    }
    assertThat(WeightNames.current("attentions.0.value.bias")).isEqualTo("attentions.0.to_v.bias");
  }

  @Test
  void wrapperPrefix_isRemovedOnlyIfAllNamesHaveIt() {
    Tensor one = Tensor.ofFloats(new float[1], 1);
    assertThat(WeightNames.current(Map.of("module.a", one, "module.b", one)))
        .containsOnlyKeys("a", "b");
    assertThat(WeightNames.current(Map.of("module.a", one, "b", one)))
        .containsOnlyKeys("module.a", "b");
    assertThat(WeightNames.current(Map.of())).isEmpty();
  }

  @Test
  void tensorUnderBothNames_isRefused() {
    Tensor one = Tensor.ofFloats(new float[1], 1);
    InvalidInputException e =
        catchThrowableOfType(
            InvalidInputException.class,
            () ->
                WeightNames.current(
                    Map.of("attentions.0.query.bias", one, "attentions.0.to_q.bias", one)));
    assertThat(e.field()).isEqualTo("attentions.0.to_q.bias");
  }

  private static Map<String, Tensor> weights() {
    return new LinkedHashMap<>(SafeTensors.read(Golden.SAFETENSORS));
  }

  private static Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    weights().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    return shapes;
  }

  @Test
  void matchingWeights_pass() {
    Weights.check(weights(), shapes());
    Map<String, Tensor> half = weights();
    half.replaceAll((name, tensor) -> tensor.to(DType.F16));
    Weights.check(half, shapes());
  }

  @Test
  void wrongWeights_areRefused_byTheFirstTensorsName() {
    Map<String, Tensor> weights = weights();
    weights.remove("conv_out.bias");
    refuses(weights, "conv_out.bias", "is missing", "[3]");
    weights.remove("conv_in.weight");
    weights.put("extra", Tensor.ofFloats(new float[1], 1));
    refuses(weights, "conv_in.weight", "is missing", "2 missing, 0 of wrong shape or type, 1 unex");

    weights = weights();
    weights.put("extra", Tensor.ofFloats(new float[1], 1));
    refuses(weights, "extra", "unexpected", "config.json");

    weights = weights();
    weights.put("conv_in.bias", Tensor.ofFloats(new float[16], 16, 1));
    refuses(weights, "conv_in.bias", "shape [16], not [16, 1]", "");

    weights = weights();
    weights.put("conv_in.bias", new Tensor(DType.I8, new long[] {16}, ByteBuffer.allocate(16)));
    refuses(weights, "conv_in.bias", "floating-point", "I8");
  }

  private static void refuses(Map<String, Tensor> weights, String field, String... reasons) {
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> Weights.check(weights, shapes()));
    assertThat(e).isNotNull();
    assertThat(e.field()).isEqualTo(field);
    assertThat(e.getMessage()).contains(field).contains(reasons);
  }
}
