package dev.mezzotint.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import java.util.List;
import org.junit.jupiter.api.Test;

class InputRuleTest {
  private static final InputRule RULE =
      new InputRule(List.of("inputs/shared/", "tenants/{tenant}/in/"));

  @Test
  void tenantReadsSharedAndOwnPrefixes() {
    assertThat(RULE.allows("red", "inputs/shared/map.png")).isTrue();
    assertThat(RULE.allows("red", "tenants/red/in/map.png")).isTrue();
    assertThat(RULE.allows("red", "tenants/red/in/")).isTrue();

    assertThat(RULE.allows("red", "tenants/blue/in/map.png")).isFalse();
    assertThat(RULE.allows("red", "tenants/red/out/map.png")).isFalse();
    assertThat(RULE.allows("re", "tenants/red/in/map.png")).isFalse();
    assertThat(RULE.allows("red", "tenants/red")).isFalse();
    assertThat(RULE.allows("red", "tenants/")).isFalse();
    assertThat(RULE.allows("red", "inputs/shared")).isFalse();
    assertThat(RULE.allows("red", "jobs/of-another/images/00000.png")).isFalse();
    assertThat(RULE.allows("..", "tenants/red/in/map.png")).isFalse();
  }

  @Test
  void withoutPrefixes_everyKeyIsAllowed() {
    assertThat(InputRule.ANY.allows("red", "jobs/of-another/images/00000.png")).isTrue();
  }

  @Test
  void invalidPrefix_isRefused() {
    for (String wrong :
        List.of("", "inputs", "/inputs/", "../inputs/", "in*/", "{user}/", "tenants/{tenant}")) {
      assertThatThrownBy(() -> new InputRule(List.of(wrong)))
          .as(wrong)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("ends in /");
    }
  }

  @Test
  void restrict_checksEveryRead() {
    MemoryObjectStore store = new MemoryObjectStore();
    store.put("tenants/red/in/a", "a".getBytes(UTF_8), "text/plain");
    store.put("tenants/blue/in/b", "b".getBytes(UTF_8), "text/plain");
    ObjectReader red = RULE.restrict(store, "red");

    assertThat(red.get("tenants/red/in/a")).isPresent();
    assertThat(red.list("tenants/red/in/")).containsExactly("tenants/red/in/a");
    String other = "tenants/blue/in/b";
    List<Runnable> ways =
        List.of(
            () -> red.get(other),
            () -> red.open(other),
            () -> red.stat(other),
            () -> red.list("tenants/"));
    for (Runnable way : ways) {
      assertThatThrownBy(way::run)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("tenant red may name");
    }
  }
}
