package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mezzotint.iadb.DdpmSchedule;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Palette;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelCardTest {
  private static final ModelCard FULL =
      new ModelCard(
          "faces-32",
          Optional.of("1.0"),
          Prediction.X1,
          1000,
          /* patch= */ 1,
          List.of(
              new ConditionPart("map", ConditionPart.Kind.LABELS, 19),
              new ConditionPart("low", ConditionPart.Kind.RGB, 3),
              new ConditionPart(
                  "ground",
                  ConditionPart.Kind.LABELS,
                  2,
                  Optional.of(Palette.of("road #404040", "green grass #00ff00")),
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
          Optional.empty(),
          ModelCard.IMAGES,
          List.of(new ModelCard.TunedSteps(Solver.AB2, List.of(0.0, 0.3, 1.0))),
          OptionalInt.of(2),
          "drawn for this test",
          "CC0-1.0",
          Map.of("optimizer", Map.of("name", "adam"), "iterations", 1500),
          Map.of("loss", 0.144));

  private static UNetConfig config(String name) {
    return (UNetConfig) NetworkConfig.read(Golden.FOLDER.resolve(name).resolve("config.json"));
  }

  @Test
  void card_isReadBackAsWritten() {
    ModelCard back = ModelCard.parse(JsonObject.parse(JsonText.writePretty(FULL.toMap())));
    assertThat(back).isEqualTo(FULL);
    ModelCard bare = ModelCard.defaultFor("model", config("iadb_defaults"));
    assertThat(ModelCard.parse(JsonObject.parse(JsonText.writePretty(bare.toMap()))))
        .isEqualTo(bare);
  }

  @Test
  void palette_mustFitItsChannels() {
    assertThatThrownBy(
            () ->
                new ConditionPart(
                    "map", ConditionPart.Kind.LABELS, 3, Optional.of(Palette.CITYSCAPES), false))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("palette has 20 colours, for 3 channels of the kind labels");
    String card =
        """
        {"name": "a", "prediction": "direction", "timestepScale": 1, "condition":
          [{"name": "map", "kind": "labels", "channels": 2, "palette": %s}]}\
        """;
    assertThatThrownBy(() -> ModelCard.parse(JsonObject.parse(card.formatted("\"mapillary\""))))
        .hasMessageContaining("condition[0].palette must be one of cityscapes");
    assertThatThrownBy(
            () ->
                ModelCard.parse(
                    JsonObject.parse(
                        card.formatted(
                            "[{\"name\": \"a\", \"color\": \"red\"},"
                                + " {\"name\": \"b\", \"color\": \"#000000\"}]"))))
        .hasMessageContaining("condition[0].palette is not a palette")
        .hasMessageContaining("red");
  }

  @Test
  void noiseSchedule_isRequiredForEpsilonOnly() {
    ModelCard epsilon = FULL.withPrediction(Prediction.EPSILON, Optional.of(DdpmSchedule.LINEAR));
    assertThat(ModelCard.parse(JsonObject.parse(JsonText.writePretty(epsilon.toMap()))))
        .isEqualTo(epsilon);
    assertThat(
            catchThrowableOfType(
                InvalidInputException.class,
                () -> FULL.withPrediction(Prediction.EPSILON, Optional.empty())))
        .hasMessageContaining("noiseSchedule is missing");
    assertThat(
            catchThrowableOfType(
                InvalidInputException.class,
                () -> FULL.withPrediction(Prediction.X0, Optional.of(DdpmSchedule.LINEAR))))
        .hasMessageContaining("not for x0");
  }

  @Test
  void tunedSchedule_replacesTheOneWithItsNumberOfSteps() {
    ModelCard card =
        FULL.withTuned(new ModelCard.TunedSteps(Solver.EULER, List.of(0.0, 0.6, 1.0)))
            .withTuned(new ModelCard.TunedSteps(Solver.AB2, List.of(0.0, 1.0)));
    assertThat(card.tuned()).extracting(ModelCard.TunedSteps::steps).containsExactly(1, 2);
    assertThat(card.tunedSchedule(2).orElseThrow().alphas(2)).containsExactly(0, 0.6, 1);
    assertThat(card.tunedSchedule(3)).isEmpty();
  }

  @Test
  void defaultCard_hasThePapersConventions() {
    ModelCard card = ModelCard.defaultFor("plain", config("iadb_defaults"));
    assertThat(card.prediction()).isEqualTo(Prediction.DIRECTION);
    assertThat(card.timestepScale()).isEqualTo(1);
    assertThat(card.condition()).isEmpty();
    assertThat(card.version()).isEmpty();
    assertThat(ModelCard.defaultFor("model", config("cond_concat")).condition())
        .containsExactly(new ConditionPart("condition", ConditionPart.Kind.RGB, 3));
  }

  @Test
  void card_mustDescribeItsNetwork() {
    ModelCard.defaultFor("model", config("cond_concat")).checkAgainst(config("cond_concat"));
    InvalidInputException e =
        catchThrowableOfType(
            InvalidInputException.class, () -> FULL.checkAgainst(config("cond_concat")));
    assertThat(e.field()).isEqualTo("condition");
    assertThat(e).hasMessageContaining("44 channels").hasMessageContaining("in_channels 6");
  }

  @Test
  void patch_isWrittenWithItsLinesOfPython_andChecksTheNetwork() {
    UNetConfig stored = config("patch_2");
    ModelCard card = ModelCard.read(Golden.FOLDER.resolve("patch_2/model.json"));
    assertThat(card.toMap().get("python"))
        .isEqualTo(
            List.of(
                "y = unet(torch.nn.functional.pixel_unshuffle(x, 2), t).sample",
                "y = torch.nn.functional.pixel_shuffle(y, 2)"));
    assertThat(ModelCard.parse(JsonObject.parse(JsonText.writePretty(card.toMap()))))
        .isEqualTo(card);
    assertThat(FULL.toMap()).doesNotContainKeys("patch", "python");
    assertThat(card.network(stored)).isEqualTo(new PatchedUNet(stored, 2));
    assertThat(card.network(stored).toMap()).isEqualTo(stored.toMap());
    assertThatThrownBy(() -> card.checkAgainst(stored))
        .hasMessage("patch is 2, but the network has 1");
    assertThatThrownBy(() -> card.network(config("cond_concat")))
        .hasMessage("in_channels is 6, but must be a multiple of 4 with patch 2");
    assertThatThrownBy(() -> card.network(new MlpConfig(2, List.of(4))))
        .hasMessage("patch must be 1 for this network, not 2");
    assertThatThrownBy(() -> stored.withPatch(6))
        .hasMessage("patch must be a power of two from 1 to 64, not 6");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "patch         | 0                 | 64",
        "name          | \"../x\"          | letters",
        "name          | null              | missing",
        "version       | \"1/2\"           | 1/2",
        "prediction    | \"velocity\"      | direction, x0, x1, epsilon",
        "prediction    | null              | missing",
        "timestepScale | 0                 | above 0",
        "timestepScale | 1e9               | 1.0E9",
        "timestepScale | null              | missing",
        "pixelRange    | [0, 1]            | [-1, 1]",
        "steps         | 0                 | 1 to",
        "sampler       | \"a b\"           | a b",
        "classes       | [1]               | strings",
        "condition     | [{\"name\":\"a\",\"kind\":\"rgb\",\"channels\":4}]   | channels",
        "condition     | [{\"name\":\"a\",\"kind\":\"depth\",\"channels\":1}] | depth",
        "condition     | [{\"name\":\"a\",\"kind\":\"grey\"}]                 | channels",
        "condition     | [{\"name\":\"/\",\"kind\":\"rgb\",\"channels\":3}]   | name",
        "recipe        | []                | object",
        "surprise      | 1                 | unknown",
      })
  void invalidField_isRefused_byItsName(String field, String value, String reason) {
    Map<String, Object> members = new LinkedHashMap<>(FULL.toMap());
    members.putAll(JsonObject.parse("{\"" + field + "\":" + value + "}").toMap());
    JsonObject json = JsonObject.parse(JsonText.write(members));
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> ModelCard.parse(json));
    assertThat(e).isNotNull();
    assertThat(e.field()).startsWith(field);
    assertThat(e.getMessage()).contains(field).contains(reason);
  }
}
