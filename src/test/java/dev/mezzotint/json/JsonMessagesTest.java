package dev.mezzotint.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Messages for text that is not JSON: the sender's words, not the parser's. */
class JsonMessagesTest {
  private static String message(byte[] text) {
    InvalidInputException e =
        catchThrowableOfType(InvalidInputException.class, () -> JsonObject.parse(text));
    assertThat(e).as(new String(text, StandardCharsets.ISO_8859_1)).isNotNull();
    return e.getMessage();
  }

  @Test
  void invalidJson_isExplainedWithoutTheParsersTerms() {
    Map<String, String> reasons = new LinkedHashMap<>();
    reasons.put("{\"a\":1}\n{\"b\":2}\n", "there is more after the end of the object");
    reasons.put("{\"a\":1}]", "close marker");
    reasons.put("{\"a\":NaN}", "Non-standard token 'NaN'");
    reasons.put("{\"a\":-Infinity}", "Non-standard token '-Infinity'");
    reasons.put("{\"a\":+1}", "does not allow numbers to have plus signs");
    reasons.put("{\"a\":1", "expected close marker for Object");
    reasons.put("{\"a\":\"x", "Unexpected end-of-input in a string");
    reasons.put("// note\n{}", "comment");
    reasons.put("{'a':1}", "expecting double-quote");
    reasons.put("{\"a\":1,\"a\":2}", "Duplicate field 'a'");
    reasons.put("{\"a\":" + "[".repeat(40), "nesting depth");
    reasons.put("{\"a\":" + "1".repeat(100) + "}", "Number value length");
    reasons.put("<html>", "Unexpected character");
    reasons.put("", "is not a JSON object");
    reasons.put("[1]", "is not a JSON object");
    reasons.forEach(
        (text, reason) ->
            assertThat(message(text.getBytes(StandardCharsets.UTF_8)))
                .startsWith("is not ")
                .contains(reason)
                .doesNotContain("`", "Feature", "jackson", "Source", "REDACTED", "()"));
  }

  @Test
  void prefixOfASchemaRegistry_isNamed() {
    byte[] record = "\0\0\0\0\5{\"a\":1}".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(message(record)).contains("begins with a zero byte", "schema registry");
    assertThat(message(new byte[] {0, 0, 0, 0, 5, '{', '}'})).contains("schema registry");
  }

  @Test
  void otherEncodings_areNamed() {
    assertThat(message(new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'})).contains("UTF-8");
  }
}
