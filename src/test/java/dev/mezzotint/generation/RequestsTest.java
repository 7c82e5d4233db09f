package dev.mezzotint.generation;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Refusals of invalid requests. */
class RequestsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"count\":3,\"condition\":[\"a\",\"b\"] "
            + "| condition must be one image for all or one for each, not 2 for 3",
        "\"canvas\":{\"width\":99} | canvas.height is missing: a canvas needs both or neither",
        "\"canvas\":{} | canvas.width is missing: without a condition there is no other size",
        "\"canvas\":{\"width\":9999,\"height\":9999} | canvas is 9999x9999, which is 99980001"
            + " pixels: at most 16777216 are allowed",
        "\"interpolate\":{\"from\":1,\"to\":2} | interpolate.frames is missing: how many images",
        "\"seed\":4,\"interpolate\":{\"from\":1,\"to\":2,\"frames\":3} "
            + "| seed must not be given together with interpolate",
        "\"mask\":\"m.png\" | mask needs init: the image that it is applied to",
        "\"count\":1025,\"output\":{\"grid\":true} "
            + "| output.grid is for at most 1024 images, not 1025",
        "\"count\":2,\"seeds\":[1] "
            + "| count must not be given together with seeds, which determines the count",
        "\"steps\":0 | steps must be from 1 to 1000, not 0",
        "\"condition\":{\"size\":3} "
            + "| condition.key or condition.data must be given, and not both",
        "\"sampler\":\"ddim\" "
            + "| sampler must be one of euler, midpoint, heun, rk4, ab2, ab3, not \"ddim\"",
      })
  void parse_refusesWithASentenceThatNamesTheField(String fields, String message) {
    JsonObject json = JsonObject.parse(World.request("a", fields));
    assertThatThrownBy(() -> GenerationRequest.parse(json, GenerationLimits.DEFAULT))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(message);
  }

  @Test
  void parse_appliesTheConfiguredLimits() {
    GenerationLimits strict = new GenerationLimits(1_000, 2, 3, 4, 1, 10, 10, WebhookHosts.ANY);
    JsonObject json = JsonObject.parse(World.request("a", "\"count\":3"));
    assertThatThrownBy(() -> GenerationRequest.parse(json, strict))
        .hasMessage("count must be from 1 to 2, not 3");
    assertThatThrownBy(
            () -> new GenerationLimits(1_000, 100_001, 3, 4, 1, 10, 10, WebhookHosts.ANY))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
