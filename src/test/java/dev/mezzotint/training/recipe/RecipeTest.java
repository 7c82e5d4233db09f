package dev.mezzotint.training.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.training.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeTest {
  @Test
  void toMap_isReadAsTheSameRecipe() {
    String adamw =
        Recipes.changed(
            "\"learningRate\": 0.003",
            "\"name\": \"adamw\", \"learningRate\": 0.003, \"clipNorm\": 1, \"schedule\":"
                + " \"cosine\"");
    String all =
        Recipes.changed(
            "\"batchSize\": 6",
            "\"batchSize\": 6, \"microBatch\": 3, \"precision\": \"bf16\", \"loss\": \"huber\","
                + " \"huberDelta\": 0.1, \"alphaDensity\": \"logit-normal:0,1.5\","
                + " \"coupling\": \"optimal-transport\", \"from\": \"other@2\"");
    String patched =
        Recipes.changed(
                "\"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 3",
                "\"sample_size\": 4, \"in_channels\": 12, \"out_channels\": 12")
            .replace(
                "\"iterations\"",
                "\"patch\": 2, \"prediction\": \"x1\", \"lossSpace\": \"direction\","
                    + " \"iterations\"")
            .replace("\"flip\": true", "\"crop\": \"random\"");
    assertThat(Recipes.parse(patched).network().patch()).isEqualTo(2);
    assertThat(Recipes.parse(patched).optimizer().step().directionLoss()).isTrue();
    assertThat(Recipes.parse(patched).data().randomCrop()).isTrue();
    for (String text : new String[] {Recipes.TINY, adamw, all, patched}) {
      Recipe recipe = Recipes.parse(text);
      Recipe again = Recipe.parse(JsonObject.parse(JsonText.writePretty(recipe.toMap())));
      assertThat(again).isEqualTo(recipe);
    }
    assertThat(Recipes.parse(adamw).optimizer().step().weightDecay()).isEqualTo(0.01);
  }

  @Test
  void shippedRecipes_areReadable() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("models"))) {
      for (Path file : files.filter(f -> f.endsWith("recipe.json")).toList()) {
        Recipe recipe = Recipe.parse(JsonObject.parse(Files.readAllBytes(file)));
        assertThat(recipe.name()).isEqualTo(String.valueOf(file.getParent().getFileName()));
      }
    }
    try (Stream<Path> files = Files.list(Path.of("recipes"))) {
      for (Path file : files.toList()) {
        Recipe recipe = Recipe.parse(JsonObject.parse(Files.readAllBytes(file)));
        assertThat(recipe.name() + ".json").isEqualTo(String.valueOf(file.getFileName()));
        assertThat(Recipe.parse(JsonObject.parse(JsonText.write(recipe.toMap()))))
            .isEqualTo(recipe);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "model            | \"model\": \"tiny\"     | \"model\": \"-tiny\"",
        "model            | \"model\": \"tiny\",    | ``",
        "network          | \"network\": {          | \"net\": {",
        "iterations       | \"iterations\": 12,     | ``",
        "iterations       | \"iterations\": 12      | \"iterations\": 0",
        "iterations       | \"iterations\": 12      | \"iterations\": 1.5",
        "batchSize        | \"batchSize\": 6        | \"batchSize\": 1000000",
        "batchSize        | \"batchSize\": 6        | \"batchSize\": \"6\"",
        "microBatch       | \"batchSize\": 6        | \"batchSize\": 6, \"microBatch\": 4",
        "huberDelta       | \"batchSize\": 6        | \"batchSize\": 6, \"huberDelta\": 1",
        "loss             | \"batchSize\": 6        | \"batchSize\": 6, \"loss\": \"square\"",
        "precision        | \"batchSize\": 6        | \"batchSize\": 6, \"precision\": \"fp16\"",
        "alphaDensity     | \"batchSize\": 6        | \"batchSize\": 6, \"alphaDensity\": \"mode:9\"",
        "coupling         | \"batchSize\": 6        | \"batchSize\": 6, \"coupling\": \"ot\"",
        "batchsize        | \"batchSize\": 6        | \"batchsize\": 6",
        "ema.decay        | \"decay\": 0.9          | \"decay\": 1",
        "ema.Decay        | \"decay\": 0.9          | \"Decay\": 0.9",
        "checkpointEvery  | \"checkpointEvery\": 4  | \"checkpointEvery\": 0",
        "sampleEvery      | \"sampleEvery\": 8      | \"sampleEvery\": -1",
        "dataset.size     | \"size\": 8,            | ``",
        "dataset.size     | \"size\": 8,            | \"size\": 9,",
        "network.sample_size | \"size\": 8,         | \"size\": 16,",
        "network.sample_size | \"sample_size\": 8,  | ``",
        "network.sample_size | \"sample_size\": 8   | \"sample_size\": [8, 16]",
        "dataset.labels   | \"flip\": true          | \"labels\": \"colour\"",
        "dataset.labels   | \"flip\": true          | \"labels\": \"prefix\"",
        "dataset.labels   | \"layers_per_block\": 1 | \"layers_per_block\": 1, \"num_class_embeds\": 3",
        "dataset.layout | \"size\": 8, | \"size\": 8, \"layout\": \"triplets\",",
        "dataset.condition | \"size\": 8, | \"size\": 8, \"layout\": \"twins\",",
        "dataset.condition | \"size\": 8, | \"size\": 8, \"condition\": {\"kind\": \"rgb\"},",
        "dataset.target | \"size\": 8, | \"size\": 8, \"layout\": \"left-right\", \"target\": \"a\", \"condition\": {\"kind\": \"rgb\"},",
        "network.in_channels | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": {\"kind\": \"rgb\"},",
        "dataset.condition.kind | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": {\"kind\": \"depth\"},",
        "dataset.condition.palette | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": {\"kind\": \"labels\"},",
        "dataset.condition.palette | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": {\"kind\": \"rgb\", \"palette\": \"cityscapes\"},",
        "dataset.condition.palette | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": {\"kind\": \"labels\", \"palette\": \"ade20k\"},",
        "dataset.condition.nearest | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": {\"kind\": \"rgb\", \"nearest\": true},",
        "dataset.condition.colour | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": {\"kind\": \"rgb\", \"colour\": 1},",
        "dataset.condition.folder | \"size\": 8, | \"size\": 8, \"layout\": \"left-right\", \"condition\": {\"kind\": \"rgb\", \"folder\": \"a\"},",
        "dataset.folder | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": {\"kind\": \"rgb\", \"folder\": \"../x\"},",
        "dataset.condition | \"size\": 8, | \"size\": 8, \"layout\": \"twins\", \"condition\": [{\"kind\": \"rgb\", \"folder\": \"a\"}, {\"kind\": \"rgb\", \"folder\": \"b\"}],",
        "dataset.condition | \"size\": 8, | \"size\": 8, \"layout\": \"right-left\", \"condition\": [{\"name\": \"a\", \"kind\": \"rgb\"}, {\"name\": \"b\", \"kind\": \"rgb\"}],",
        "dataset.conditionDropout | \"size\": 8, | \"size\": 8, \"conditionDropout\": 0.1,",
        "dataset.brokenMax | \"size\": 8, | \"size\": 8, \"brokenMax\": 5,",
        "dataset.labels | \"size\": 8, | \"size\": 8, \"layout\": \"pictures\", \"labels\": \"file\",",
        "dataset.classes | \"size\": 8, | \"size\": 8, \"classes\": [\"a\"],",
        "dataset.flips    | \"flip\": true          | \"flips\": true",
        "network.dropout  | \"layers_per_block\": 1 | \"layers_per_block\": 1, \"dropout\": 0.1",
        "network.in_channels  | \"in_channels\": 3  | \"in_channels\": 6",
        "network.out_channels | \"in_channels\": 3, \"out_channels\": 3 | \"in_channels\": 4, \"out_channels\": 4",
        "network.norm_num_groups | \"norm_num_groups\": 4 | \"norm_num_groups\": 3",
        "network.layers   | \"layers_per_block\": 1 | \"layers\": 1",
        "network.time_embedding_type | \"layers_per_block\": 1 | \"layers_per_block\": 1, \"time_embedding_type\": \"fourier\"",
        "network.class_embed_type | \"layers_per_block\": 1 | \"class_embed_type\": \"identity\"",
        "patch | \"iterations\": 12, | \"iterations\": 12, \"patch\": 3,",
        "patch | \"iterations\": 12, | \"iterations\": 12, \"patch\": 128,",
        "network.out_channels | \"iterations\": 12, | \"iterations\": 12, \"patch\": 2,",
        "network.in_channels | \"network\": {\"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 3 | \"patch\": 2, \"network\": {\"sample_size\": 4, \"in_channels\": 14, \"out_channels\": 12",
        "network.in_channels | \"network\": {\"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 3 | \"patch\": 2, \"network\": {\"sample_size\": 4, \"in_channels\": 16, \"out_channels\": 12",
        "network.out_channels | \"network\": {\"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 3 | \"patch\": 2, \"network\": {\"sample_size\": 4, \"in_channels\": 12, \"out_channels\": 8",
        "network.sample_size | \"network\": {\"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 3 | \"patch\": 2, \"network\": {\"sample_size\": 8, \"in_channels\": 12, \"out_channels\": 12",
        "dataset.size | \"network\": {\"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 3 | \"patch\": 8, \"network\": {\"sample_size\": 1, \"in_channels\": 192, \"out_channels\": 192",
        "lossSpace | \"iterations\": 12, | \"iterations\": 12, \"lossSpace\": \"direction\",",
        "lossSpace | \"iterations\": 12, | \"iterations\": 12, \"prediction\": \"x1\", \"lossSpace\": \"x1\",",
        "dataset.crop | \"size\": 8, | \"size\": 8, \"crop\": \"left\",",
        "dataset.crop | \"size\": 8, | \"size\": 8, \"layout\": \"idx\", \"crop\": \"random\",",
        "optimizer.learningRate | 0.003             | -1",
        "optimizer.weightDecay  | \"warmup\": 3     | \"weightDecay\": 0.1",
        "optimizer.name   | \"warmup\": 3           | \"name\": \"sgd\"",
        "optimizer.momentum | \"warmup\": 3         | \"momentum\": 0.9",
        "card.version     | \"v1\"                  | \"v 1\"",
        "card.sampler     | \"heun\"                | \"ddim\"",
        "card.license     | \"licence\"             | \"license\"",
      })
  void refusesInvalidRecipe_namingTheField(String field, String what, String with) {
    assertThatThrownBy(() -> Recipes.tiny(what, with))
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> {
              assertThat(e.field()).isEqualTo(field);
              assertThat(e.getMessage()).contains(field).doesNotContain("\n");
            });
  }

  @Test
  void rate_warmsUp_andFallsAlongACosine() {
    Recipe.Optimizer plain = Recipes.tiny().optimizer();
    assertThat(plain.rate(0, 12)).isCloseTo(0.001, offset(1e-12));
    assertThat(plain.rate(2, 12)).isCloseTo(0.003, offset(1e-12));
    assertThat(plain.rate(11, 12)).isEqualTo(0.003);
    Recipe.Optimizer cosine =
        Recipes.tiny("\"warmup\": 3", "\"warmup\": 2, \"schedule\": \"cosine\"").optimizer();
    assertThat(cosine.rate(2, 12)).isEqualTo(0.003);
    assertThat(cosine.rate(7, 12)).isCloseTo(0.0015, offset(1e-12));
    assertThat(cosine.rate(12, 12)).isCloseTo(0, offset(1e-12));
  }

  @Test
  void emaDecay_isSmallerAtFirst() {
    Recipe recipe = Recipes.tiny();
    assertThat(recipe.emaDecay(0)).isEqualTo(0.1);
    assertThat(recipe.emaDecay(8)).isEqualTo(0.5);
    assertThat(recipe.emaDecay(1_000)).isEqualTo(0.9);
  }
}
