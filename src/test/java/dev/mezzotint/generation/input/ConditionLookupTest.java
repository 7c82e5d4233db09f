package dev.mezzotint.generation.input;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.InputRule;
import dev.mezzotint.storage.MemoryObjectStore;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConditionLookupTest {
  private final MemoryObjectStore store = new MemoryObjectStore();
  private final ConditionLookup lookup =
      new ConditionLookup(store, InputRule.ANY, GenerationLimits.DEFAULT);

  @AfterEach
  void close() {
    lookup.close();
  }

  private Optional<String> read(String request, String image) {
    return lookup
        .read("a", () -> Optional.of(request.getBytes(UTF_8)), "", image)
        .map(bytes -> new String(bytes, UTF_8));
  }

  @Test
  void conditionsInOrder_areFoundByNumber() {
    store.put("maps/one.png", "first".getBytes(UTF_8), ContentType.PNG);
    store.put("maps/two.png", "second".getBytes(UTF_8), ContentType.PNG);
    String request =
        "{\"id\":\"a\",\"model\":\"maps\",\"condition\":[\"maps/one.png\",\"maps/two.png\"]}";

    assertThat(read(request, "1")).contains("second");
    assertThat(read(request, "2")).isEmpty();
  }

  @Test
  void requestWithoutCondition_hasNone() {
    assertThat(read("{\"id\":\"a\",\"model\":\"faces\",\"count\":2}", "0")).isEmpty();
    assertThat(read("{\"id\":\"a\",\"model\":\"m\",\"network\":{},\"iterations\":5}", "0"))
        .isEmpty();
  }
}
