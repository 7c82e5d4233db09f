package dev.mezzotint.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonObjectKindsTest {
  private final JsonObject json = JsonObject.parse("{\"nil\":null,\"one\":1,\"list\":[1]}");

  @Test
  void isNull_distinguishesNullFromAbsent() {
    assertThat(json.isNull("nil")).isTrue();
    assertThat(json.isNull("one")).isFalse();
    assertThat(json.isNull("absent")).isFalse();
    assertThat(json.has("nil")).isFalse();
  }

  @Test
  void isList_distinguishesListsFromSingleValues() {
    assertThat(json.isList("list")).isTrue();
    assertThat(json.isList("one")).isFalse();
    assertThat(json.isList("nil")).isFalse();
    assertThat(json.isList("absent")).isFalse();
  }

  @Test
  void checkingAField_makesItKnown() {
    json.isNull("nil");
    json.isList("list");
    json.integer("one", 0, 9);
    json.refuseUnknown();
  }

  @Test
  void unorderedMaps_areWrittenSortedAtEveryDepth() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("z", Map.of("b", 1, "a", 2, "d", 3, "c", 4));
    members.put("y", List.of(Map.of("cause", "c", "name", "n", "at", 1)));

    assertThat(new String(JsonText.writeInOrder(members), StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"z\":{\"a\":2,\"b\":1,\"c\":4,\"d\":3},"
                + "\"y\":[{\"at\":1,\"cause\":\"c\",\"name\":\"n\"}]}");
  }

  @Test
  void linkedMaps_areWrittenInTheirOrder() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("b", 1);
    members.put("a", new long[] {2, 3});
    assertThat(new String(JsonText.writeInOrder(members), StandardCharsets.UTF_8))
        .isEqualTo("{\"b\":1,\"a\":[2,3]}");
  }
}
