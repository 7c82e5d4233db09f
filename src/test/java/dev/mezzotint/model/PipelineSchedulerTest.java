package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.iadb.DdpmSchedule;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PipelineSchedulerTest {
  /** As of google/ddpm-cifar10-32 and its relatives. */
  private static final String DDPM =
      """
      {"_class_name": "DDPMScheduler", "_diffusers_version": "0.1.1", "beta_end": 0.02,
       "beta_schedule": "linear", "beta_start": 0.0001, "clip_sample": true,
       "num_train_timesteps": 1000, "trained_betas": null, "variance_type": "fixed_small",
       "prediction_type": "epsilon"}
      """;

  private static final String INDEX =
      """
      {"_class_name": "DDPMPipeline", "_diffusers_version": "0.1.1",
       "scheduler": ["diffusers", "DDPMScheduler"], "unet": ["diffusers", "UNet2DModel"]}
      """;

  @TempDir Path pipeline;

  @BeforeEach
  void writeUnet() throws IOException {
    copyNetwork(pipeline.resolve("unet"));
  }

  private static void copyNetwork(Path to) throws IOException {
    Files.createDirectories(to);
    for (String file : new String[] {"config.json", WeightsFile.SAFETENSORS}) {
      Files.copy(Golden.DEFAULTS.resolve(file), to.resolve(file));
    }
  }

  private void write(String file, String json) throws IOException {
    Files.createDirectories(pipeline.resolve(file).getParent());
    Files.writeString(pipeline.resolve(file), json);
  }

  private ModelCard card() {
    return ModelFolder.openPath(pipeline).card();
  }

  private void refuses(String... words) {
    assertThatThrownBy(this::card)
        .isInstanceOf(InvalidInputException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains(words));
  }

  @Test
  void ddpmPipeline_predictsEpsilon_withItsNoiseSchedule() throws IOException {
    write("scheduler/scheduler_config.json", DDPM);
    write("model_index.json", INDEX);
    assertThat(card().prediction()).isEqualTo(Prediction.EPSILON);
    assertThat(card().noiseSchedule()).contains(DdpmSchedule.LINEAR);
    for (Path path : new Path[] {pipeline, pipeline.resolve("unet")}) {
      assertThat(ModelFolder.openPath(path).card().prediction()).isEqualTo(Prediction.EPSILON);
      assertThat(ModelFolder.predictionSource(path))
          .hasValueSatisfying(
              file -> assertThat(file).endsWith(Path.of("scheduler/scheduler_config.json")));
    }
    Path file = pipeline.resolve("unet").resolve(WeightsFile.SAFETENSORS);
    assertThat(ModelFolder.openPath(file).card().prediction()).isEqualTo(Prediction.EPSILON);
  }

  /** As the first DDPM models on the Hub are. */
  @Test
  void flatPipeline_isRecognised() throws IOException {
    Path flat = pipeline.resolve("flat");
    copyNetwork(flat);
    Files.writeString(flat.resolve("scheduler_config.json"), DDPM);
    assertThat(ModelFolder.openPath(flat).card().prediction()).isEqualTo(Prediction.EPSILON);
  }

  @Test
  void import_writesTheCard() throws IOException {
    write("scheduler/scheduler_config.json", DDPM.replace("0.02", "0.03"));
    Path to = pipeline.resolve("imported");
    ModelFolder.importFolder(
        pipeline,
        to,
        config -> {
          var shapes = new java.util.LinkedHashMap<String, long[]>();
          SafeTensors.read(Golden.SAFETENSORS).forEach((n, t) -> shapes.put(n, t.shape()));
          return shapes;
        });
    ModelCard card = ModelCard.read(to.resolve("model.json"));
    assertThat(card.prediction()).isEqualTo(Prediction.EPSILON);
    assertThat(card.noiseSchedule().orElseThrow().betaEnd()).isEqualTo(0.03);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DDPMScheduler",
        "DDIMScheduler",
        "PNDMScheduler",
        "EulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler",
        "LMSDiscreteScheduler",
        "HeunDiscreteScheduler",
        "DPMSolverMultistepScheduler",
        "DPMSolverSinglestepScheduler",
        "UniPCMultistepScheduler",
        "DEISMultistepScheduler",
        "KDPM2DiscreteScheduler",
        "DDIMParallelScheduler",
        "FlaxDDPMScheduler"
      })
  void everySamplerOfDdpmNetworks_isRecognised(String type) throws IOException {
    write("scheduler/scheduler_config.json", "{\"_class_name\": \"" + type + "\"}");
    assertThat(card().prediction()).isEqualTo(Prediction.EPSILON);
    assertThat(card().noiseSchedule()).as("diffusers' defaults").contains(DdpmSchedule.LINEAR);
  }

  @ParameterizedTest
  @CsvSource({
    "linear, LINEAR, 0.0001",
    "scaled_linear, SCALED_LINEAR, 0.00085",
    "squaredcos_cap_v2, COSINE, 0.0001"
  })
  void noiseSchedules_areThoseOfTheFile(String word, DdpmSchedule.Kind kind, double start)
      throws IOException {
    write(
        "scheduler/scheduler_config.json",
        DDPM.replace("\"linear\"", '"' + word + '"')
            .replace("0.0001", Double.toString(start))
            .replace("1000", "500"));
    assertThat(card().noiseSchedule()).contains(new DdpmSchedule(kind, start, 0.02, 500));
  }

  @Test
  void sample_isX1_withTheNoiseSchedule() throws IOException {
    for (String key :
        new String[] {"\"prediction_type\": \"sample\"", "\"predict_epsilon\": false"}) {
      write(
          "scheduler/scheduler_config.json", DDPM.replace("\"prediction_type\": \"epsilon\"", key));
      assertThat(card().prediction()).isEqualTo(Prediction.X1);
      assertThat(card().noiseSchedule()).contains(DdpmSchedule.LINEAR);
    }
  }

  @Test
  void whatCannotBeUsed_isRefusedByName() throws IOException {
    write("scheduler/scheduler_config.json", DDPM.replace("\"epsilon\"", "\"v_prediction\""));
    refuses("scheduler_config.json", "prediction_type", "v_prediction", "epsilon and sample");
    write("scheduler/scheduler_config.json", DDPM.replace("\"linear\"", "\"sigmoid\""));
    refuses("beta_schedule", "sigmoid");
    write(
        "scheduler/scheduler_config.json",
        DDPM.replace("\"trained_betas\": null", "\"trained_betas\": [0.1, 0.2]"));
    refuses("trained_betas", "cannot be used here");
    write(
        "scheduler/scheduler_config.json",
        DDPM.replace("\"trained_betas\": null", "\"rescale_betas_zero_snr\": true"));
    refuses("rescale_betas_zero_snr");
    write(
        "scheduler/scheduler_config.json",
        DDPM.replace("DDPMScheduler", "FlowMatchEulerDiscreteScheduler"));
    refuses("_class_name", "FlowMatchEulerDiscreteScheduler");
    write("scheduler/scheduler_config.json", "version https://git-lfs.github.com/spec/v1\n");
    refuses("scheduler_config.json is a pointer of git-lfs");
  }

  @Test
  void pipelinesOfSeveralNetworks_areRefused() throws IOException {
    write("scheduler/scheduler_config.json", DDPM);
    write(
        "model_index.json",
        INDEX.replace("\"unet\"", "\"vqvae\": [\"diffusers\", \"VQModel\"], \"unet\""));
    refuses("model_index.json", "vqvae", "VQModel");
    write(
        "model_index.json",
        INDEX.replace("\"unet\"", "\"safety_checker\": [null, null], \"unet\""));
    assertThat(card().prediction()).isEqualTo(Prediction.EPSILON);
  }

  @Test
  void missingScheduler_isRefused_whereThePipelineNamesOne() throws IOException {
    write("model_index.json", INDEX);
    refuses("scheduler", "DDPMScheduler", "is missing");
    write("model_index.json", INDEX.replace("DDPMScheduler", "IADBScheduler"));
    assertThat(card().prediction()).isEqualTo(Prediction.DIRECTION);
  }

  @Test
  void card_isStrongerThanAScheduler() throws IOException {
    write("scheduler/scheduler_config.json", DDPM);
    ModelFolder.writeCard(pipeline.resolve("unet"), ModelCard.defaultFor("mine", config()));
    assertThat(card().prediction()).isEqualTo(Prediction.DIRECTION);
    assertThat(ModelFolder.predictionSource(pipeline))
        .hasValueSatisfying(file -> assertThat(file).endsWith(Path.of("unet/model.json")));
  }

  private NetworkConfig config() {
    return NetworkConfig.read(pipeline.resolve("unet/config.json"));
  }

  @Test
  void withoutCardAndScheduler_nothingDeterminesThePrediction() {
    assertThat(card().prediction()).isEqualTo(Prediction.DIRECTION);
    assertThat(ModelFolder.predictionSource(pipeline)).isEmpty();
  }
}
