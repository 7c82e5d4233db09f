package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.DdpmSchedule;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Palette;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.training.checkpoint.Checkpoint;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files of version 0.1 as that version wrote them: they are read, and written again with the same
 * bytes.
 */
class GoldenDocumentsTest {
  static final Path GOLDEN = Path.of("src/test/resources/golden/documents");

  /** Densities of the plane: the recipe of {@code checkpoint.safetensors}. */
  static final String PLANE =
      """
      {"model": "plane", "network": {"kind": "mlp", "hidden": [4]}, "timestepScale": 1,
       "p0": "gaussian", "p1": "square", "iterations": 3, "batchSize": 4, "seed": 3}
      """;

  private static final String LABELLED =
      Recipes.changed(
              "\"size\": 8, \"flip\": true",
              "\"size\": 8, \"split\": \"train\", \"layout\": \"twins\", \"target\": \"photo\","
                  + " \"conditionDropout\": 0.1, \"brokenMax\": 0.2, \"labels\": \"folder\","
                  + " \"labelDropout\": 0.2, \"condition\": [{\"name\": \"map\", \"kind\":"
                  + " \"labels\", \"nearest\": true, \"palette\": [{\"name\": \"day\", \"color\":"
                  + " \"#ffffff\"}, {\"name\": \"night\", \"color\": \"#000000\"}]}, {\"name\":"
                  + " \"streets\", \"folder\": \"s\", \"kind\": \"labels\", \"palette\":"
                  + " \"cityscapes\"}, {\"name\": \"depth\", \"folder\": \"d\", \"kind\":"
                  + " \"grey\"}]")
          .replace("\"in_channels\": 3", "\"num_class_embeds\": 3, \"in_channels\": IN");

  private static final String EVERYTHING =
      Recipes.changed(
              "\"batchSize\": 6",
              "\"batchSize\": 6, \"microBatch\": 3, \"precision\": \"bf16\", \"loss\": \"huber\","
                  + " \"huberDelta\": 0.1, \"alphaDensity\": \"logit-normal:0,1.5\","
                  + " \"p0\": \"blue-noise\", \"prediction\": \"x1\", \"from\": \"other@2\","
                  + " \"reflow\": {\"pairs\": 8, \"steps\": 2, \"sampler\": \"euler\"}")
          .replace(
              "\"warmup\": 3",
              "\"warmup\": 3, \"name\": \"adamw\", \"clipNorm\": 1, \"schedule\": \"cosine\"");

  private static final String UNPAIRED =
      Recipes.changed(
          "\"seed\": 5",
          "\"p0\": \"split:other\", \"coupling\": \"independent\", \"loss\": \"sum\", \"seed\": 5");

  private static final String IDX =
      Recipes.changed(
              "\"size\": 8, \"flip\": true",
              "\"size\": 8, \"layout\": \"idx\", \"labels\": \"file\", \"classes\": [\"a\","
                  + " \"b\"]")
          .replace("\"in_channels\": 3", "\"num_class_embeds\": 2, \"in_channels\": 3")
          .replace("\"batchSize\": 6", "\"batchSize\": 6, \"coupling\": \"optimal-transport\"");

  private static byte[] golden(String name) throws IOException {
    return Files.readAllBytes(GOLDEN.resolve(name));
  }

  private static void assertKept(String name, Function<byte[], Map<String, Object>> rewrite)
      throws IOException {
    byte[] bytes = golden(name);
    assertThat(new String(JsonText.writePretty(rewrite.apply(bytes)), StandardCharsets.UTF_8))
        .isEqualTo(new String(bytes, StandardCharsets.UTF_8));
  }

  static Map<String, String> recipes() {
    return Map.of(
        "recipe-plane.json", PLANE,
        "recipe-conditions.json", LABELLED.replace("IN", Integer.toString(3 + 2 + 20 + 1)),
        "recipe-everything.json", EVERYTHING,
        "recipe-unpaired.json", UNPAIRED,
        "recipe-idx.json", IDX);
  }

  static ModelCard card() {
    return new ModelCard(
        "faces",
        Optional.of("v2"),
        Prediction.EPSILON,
        16,
        /* patch= */ 1,
        List.of(
            new ConditionPart("photo", ConditionPart.Kind.RGB, 3),
            new ConditionPart(
                "map",
                ConditionPart.Kind.LABELS,
                2,
                Optional.of(Palette.of("day #ffffff", "night #000000")),
                /* optional= */ true),
            new ConditionPart(
                "streets",
                ConditionPart.Kind.LABELS,
                20,
                Optional.of(Palette.CITYSCAPES),
                /* optional= */ false)),
        List.of("cat", "dog"),
        OptionalInt.of(32),
        Optional.of("ab2"),
        Optional.of("uniform"),
        Optional.of(DdpmSchedule.LINEAR),
        ModelCard.IMAGES,
        List.of(new ModelCard.TunedSteps(Solver.AB2, List.of(0.0, 0.25, 1.0))),
        OptionalInt.of(2),
        "somewhere",
        "CC0",
        Map.of("iterations", 12),
        Map.of("pictures", 20));
  }

  @Test
  void modelCard_isReadAndWrittenUnchanged() throws IOException {
    assertKept("model.json", bytes -> ModelCard.parse(JsonObject.parse(bytes)).toMap());
    assertKept("model.json", bytes -> card().toMap());
  }

  @ParameterizedTest
  @ValueSource(strings = {"class_scale_shift", "ddpm_style", "fourier", "iadb_defaults"})
  void networkConfig_isReadAndWrittenUnchanged(String name) throws IOException {
    assertKept(
        "config-" + name + ".json", bytes -> NetworkConfig.parse(JsonObject.parse(bytes)).toMap());
  }

  @Test
  void recipes_areReadAndWrittenUnchanged() throws IOException {
    for (Map.Entry<String, String> recipe : recipes().entrySet()) {
      assertKept(recipe.getKey(), bytes -> Recipe.parse(JsonObject.parse(bytes)).toMap());
      assertKept(recipe.getKey(), bytes -> Recipes.parse(recipe.getValue()).toMap());
    }
  }

  @Test
  void checkpoint_isResumable() {
    Recipe recipe = Recipes.parse(PLANE);
    NetworkProgram program =
        NetworkProgram.of(
            recipe.network(),
            Parameterization.direction(recipe.timestepScale()),
            recipe.optimizer().step());
    Path file = GOLDEN.resolve("checkpoint.safetensors");
    assertThat(Checkpoint.read(file, recipe, program.weights()).iteration()).isEqualTo(3);
  }
}
