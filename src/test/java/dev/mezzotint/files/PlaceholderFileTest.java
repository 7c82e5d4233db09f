package dev.mezzotint.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PlaceholderFileTest {
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void reason_namesTheReplacementOfTheFile() {
    String pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n";
    assertThat(PlaceholderFile.reason(bytes(pointer)))
        .hasValue("is a pointer of git-lfs, not the file itself: run git lfs pull");
    assertThat(PlaceholderFile.reason(bytes("# xet version 0\nfilesize = 3\n")))
        .hasValueSatisfying(reason -> assertThat(reason).contains("git-xet"));
    for (String page : new String[] {"<!DOCTYPE html><html>", "\n <html lang=\"en\">"}) {
      assertThat(PlaceholderFile.reason(bytes(page)))
          .hasValueSatisfying(reason -> assertThat(reason).startsWith("is an HTML page"));
    }
  }

  @Test
  void reason_ofOtherFiles_isEmpty() {
    for (String start : new String[] {"", "PK\3\4", "version 2", "{\"a\": 1}", "\u0089PNG\r\n"}) {
      assertThat(PlaceholderFile.reason(bytes(start))).as(start).isEmpty();
    }
  }

  @Test
  void refuse_returnsTheWholeStreamOfTheRealFile() throws IOException {
    byte[] file = bytes("x".repeat(1000));
    assertThat(PlaceholderFile.refuse(new ByteArrayInputStream(file)).readAllBytes())
        .isEqualTo(file);
    byte[] pointer = bytes("version https://git-lfs.github.com/spec/v1\n");
    assertThatThrownBy(() -> PlaceholderFile.refuse(new ByteArrayInputStream(pointer)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("git lfs pull");
  }
}
