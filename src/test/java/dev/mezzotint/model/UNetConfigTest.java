package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.UNetConfig.Activation;
import dev.mezzotint.model.UNetConfig.ClassEmbedding;
import dev.mezzotint.model.UNetConfig.DownBlock;
import dev.mezzotint.model.UNetConfig.TimeEmbedding;
import dev.mezzotint.model.UNetConfig.TimeScaleShift;
import dev.mezzotint.model.UNetConfig.UpBlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UNetConfigTest {
  private static final String SMALL =
      "\"block_out_channels\":[16,32],\"norm_num_groups\":8,"
          + "\"down_block_types\":[\"DownBlock2D\",\"AttnDownBlock2D\"],"
          + "\"up_block_types\":[\"AttnUpBlock2D\",\"UpBlock2D\"]";

  private static UNetConfig parse(String members) {
    return UNetConfig.parse(JsonObject.parse("{" + members + "}"));
  }

  private static UNetConfig small(String more) {
    // A key given again replaces the small network's own.
    Map<String, Object> keys = new LinkedHashMap<>(JsonObject.parse("{" + SMALL + "}").toMap());
    keys.putAll(JsonObject.parse("{" + more + "}").toMap());
    return UNetConfig.parse(JsonObject.parse(JsonText.write(keys)));
  }

  @Test
  void emptyConfiguration_hasTheDefaultsOfDiffusers() {
    UNetConfig config = parse("");
    assertThat(config.sampleSize()).isEmpty();
    assertThat(config.inChannels()).isEqualTo(3);
    assertThat(config.outChannels()).isEqualTo(3);
    assertThat(config.centerInputSample()).isFalse();
    assertThat(config.timeEmbeddingType()).isEqualTo(TimeEmbedding.POSITIONAL);
    assertThat(config.timeEmbedDim()).isEqualTo(896);
    assertThat(config.freqShift()).isZero();
    assertThat(config.flipSinToCos()).isTrue();
    assertThat(config.downBlockTypes())
        .containsExactly(
            DownBlock.DOWN, DownBlock.ATTN_DOWN, DownBlock.ATTN_DOWN, DownBlock.ATTN_DOWN);
    assertThat(config.upBlockTypes())
        .containsExactly(UpBlock.ATTN_UP, UpBlock.ATTN_UP, UpBlock.ATTN_UP, UpBlock.UP);
    assertThat(config.blockOutChannels()).containsExactly(224, 448, 672, 896);
    assertThat(config.layersPerBlock()).isEqualTo(2);
    assertThat(config.midBlock()).isTrue();
    assertThat(config.midBlockScaleFactor()).isEqualTo(1);
    assertThat(config.downsamplePadding()).isEqualTo(1);
    assertThat(config.dropout()).isZero();
    assertThat(config.actFn()).isEqualTo(Activation.SILU);
    assertThat(config.attentionHeadDim()).hasValue(8);
    assertThat(config.normNumGroups()).isEqualTo(32);
    assertThat(config.attnNormNumGroups()).isEmpty();
    assertThat(config.normEps()).isEqualTo(1e-5);
    assertThat(config.resnetTimeScaleShift()).isEqualTo(TimeScaleShift.DEFAULT);
    assertThat(config.addAttention()).isTrue();
    assertThat(config.classEmbedType()).isEqualTo(ClassEmbedding.NONE);
    assertThat(config.numClassEmbeds()).isEmpty();
    assertThat(config.numTrainTimesteps()).isEmpty();
    assertThat(config.sizeMultiple()).isEqualTo(8);
  }

  @Test
  void referenceFiles_areRead() {
    UNetConfig concat = (UNetConfig) NetworkConfig.read(Golden.CONCAT.resolve("config.json"));
    assertThat(concat.inChannels()).isEqualTo(6);
    assertThat(concat.conditionChannels()).isEqualTo(3);
    assertThat(concat.sampleSize()).hasValue(16);
    assertThat(concat.timeEmbedDim()).isEqualTo(64);
    assertThat(concat.sizeMultiple()).isEqualTo(2);
    UNetConfig defaults = (UNetConfig) NetworkConfig.read(Golden.DEFAULTS.resolve("config.json"));
    assertThat(defaults.downBlockTypes())
        .containsExactly(DownBlock.DOWN, DownBlock.ATTN_DOWN, DownBlock.DOWN);
  }

  @Test
  void keysOfOldCheckpoints_areRead() {
    UNetConfig ddpm =
        small(
            "\"attention_head_dim\":null,\"downsample_padding\":0,\"flip_sin_to_cos\":false,"
                + "\"freq_shift\":1,\"norm_eps\":1e-06,\"act_fn\":\"swish\",\"novel_key\":[1]");
    assertThat(ddpm.attentionHeadDim()).isEmpty();
    assertThat(ddpm.downsamplePadding()).isZero();
    assertThat(ddpm.flipSinToCos()).isFalse();
    assertThat(ddpm.freqShift()).isEqualTo(1);
    assertThat(ddpm.normEps()).isEqualTo(1e-6);
    assertThat(ddpm.actFn()).isEqualTo(Activation.SILU);
    UNetConfig old =
        small(
            "\"down_block_types\":[\"UNetResDownBlock2D\",\"UNetResAttnDownBlock2D\"],"
                + "\"mid_block_type\":null,\"sample_size\":[16,24]");
    assertThat(old.downBlockTypes()).containsExactly(DownBlock.DOWN, DownBlock.ATTN_DOWN);
    assertThat(old.midBlock()).isFalse();
    assertThat(old.sampleSize()).hasValue(16);
    assertThat(old.sampleWidth()).hasValue(24);
    assertThat(small("\"sample_size\":[16,16]").sampleWidth()).isEmpty();
  }

  @Test
  void classEmbedding_followsBothKeys() {
    assertThat(small("\"num_class_embeds\":10").classEmbedType()).isEqualTo(ClassEmbedding.TABLE);
    assertThat(small("\"class_embed_type\":\"timestep\"").classEmbedType())
        .isEqualTo(ClassEmbedding.TIMESTEP);
    assertThat(small("\"class_embed_type\":\"identity\",\"num_class_embeds\":4").classEmbedType())
        .isEqualTo(ClassEmbedding.IDENTITY);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "_class_name               | \"UNet2DConditionModel\"       | UNet2DConditionModel",
        "in_channels               | 0                              | 1 to",
        "in_channels               | -3                             | -3",
        "in_channels               | null                           | null",
        "out_channels              | 99999999999                    | 99999999999",
        "sample_size               | [16]                           | height and width",
        "sample_size               | 0                              | 1 to",
        "time_embedding_type       | \"gaussian\"                   | gaussian",
        "time_embedding_type       | \"learned\"                    | num_train_timesteps",
        "freq_shift                | 8                              | below 8",
        "down_block_types          | [\"DownBlock2D\"]              | 2 block_out_channels",
        "down_block_types          | [\"DownBlock2D\",\"ResnetDownsampleBlock2D\"] | Resnet",
        "up_block_types            | [\"UpBlock2D\",\"SkipUpBlock2D\"]  | SkipUpBlock2D",
        "up_block_types            | []                             | 2 block_out_channels",
        "mid_block_type            | \"UNetMidBlock2DCrossAttn\"    | CrossAttn",
        "block_out_channels        | [16,36]                        | norm_num_groups",
        "block_out_channels        | []                             | levels",
        "block_out_channels        | [16,1000000]                   | 1000000",
        "layers_per_block          | 0                              | 1 to",
        "mid_block_scale_factor    | 0                              | 0",
        "downsample_padding        | 2                              | 0 to 1",
        "downsample_type           | \"resnet\"                     | resnet",
        "upsample_type             | \"resnet\"                     | resnet",
        "dropout                   | 1                              | below 1",
        "act_fn                    | \"tanh\"                       | tanh",
        "attention_head_dim        | 5                              | 32",
        "attention_head_dim        | 64                             | 32",
        "norm_num_groups           | 32                             | 16",
        "norm_num_groups           | null                           | null",
        "attn_norm_num_groups      | 5                              | 32",
        "norm_eps                  | 0                              | above 0",
        "resnet_time_scale_shift   | \"ada_group\"                  | ada_group",
        "add_attention             | 1                              | true or false",
        "class_embed_type          | \"projection\"                 | projection",
        "num_class_embeds          | 0                              | 1 to",
        "num_train_timesteps       | \"1000\"                       | integer",
      })
  void impossibleNetwork_isRefused_byTheKey(String key, String value, String reason) {
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> small("\"" + key + "\":" + value));
    assertThat(e).isNotNull();
    assertThat(e.getMessage()).contains(key).contains(reason);
    assertThat(List.of(key, reason)).contains(e.field());
  }

  @Test
  void headWidth_mattersOnlyWithAttention() {
    String plain =
        "\"down_block_types\":[\"DownBlock2D\",\"DownBlock2D\"],"
            + "\"up_block_types\":[\"UpBlock2D\",\"UpBlock2D\"],\"attention_head_dim\":5";
    assertThat(small(plain + ",\"add_attention\":false").attentionHeadDim()).hasValue(5);
    assertThat(small(plain + ",\"mid_block_type\":null").attentionHeadDim()).hasValue(5);
    assertThat(catchThrowableOfType(InvalidInputException.class, () -> small(plain)).field())
        .isEqualTo("attention_head_dim");
  }

  @Test
  void config_isReadBackAsWritten(@TempDir Path folder) throws IOException {
    List<String> variants =
        List.of(
            "",
            "\"attention_head_dim\":null,\"mid_block_type\":null,\"sample_size\":[16,24]",
            "\"num_class_embeds\":10,\"resnet_time_scale_shift\":\"scale_shift\"",
            "\"class_embed_type\":\"timestep\",\"act_fn\":\"gelu\",\"freq_shift\":0.5",
            "\"time_embedding_type\":\"learned\",\"num_train_timesteps\":1000,"
                + "\"attn_norm_num_groups\":4,\"time_embedding_dim\":24,\"dropout\":0.1",
            "\"time_embedding_type\":\"fourier\",\"mid_block_scale_factor\":1.4142");
    for (String variant : variants) {
      UNetConfig config = small(variant);
      Path file = folder.resolve("config.json");
      Files.write(file, JsonText.writePretty(config.toMap()));
      assertThat(NetworkConfig.read(file)).isEqualTo(config);
      assertThat(config.toMap()).containsEntry("_class_name", "UNet2DModel");
    }
    assertThat(small("").toMap()).containsEntry("freq_shift", 0).containsKey("class_embed_type");
  }

  @Test
  void refusal_namesTheFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("config.json");
    Files.writeString(file, "{\"in_channels\":0}");
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> NetworkConfig.read(file));
    assertThat(e.field()).isEqualTo("in_channels");
    assertThat(e).hasMessageContaining(file.toString());
    Files.writeString(file, "no json");
    e = catchThrowableOfType(InvalidInputException.class, () -> NetworkConfig.read(file));
    assertThat(e.field()).isEqualTo("config.json");
    Files.delete(file);
    e = catchThrowableOfType(InvalidInputException.class, () -> NetworkConfig.read(file));
    assertThat(e.field()).isEqualTo("config.json");
  }
}
