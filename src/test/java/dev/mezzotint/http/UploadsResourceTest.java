package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.http.Http.Answer;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.storage.Sha256;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(FrontTestProfile.class)
class UploadsResourceTest {
  private static final int BYTES_MAX = 20_000_000;

  private final FakeFront front = new FakeFront();

  @BeforeEach
  void open() {
    front.open(limited(BYTES_MAX));
  }

  @AfterEach
  void close() {
    front.close();
  }

  private static HttpSettings limited(long bytesMax) {
    return new HttpSettings(
        true, List.of(), Optional.empty(), bytesMax, WebhookHosts.of(List.of()));
  }

  private static Answer put(String path, String body) throws IOException {
    return Http.call(
        "PUT", path, Map.of("content-length", Integer.toString(body.getBytes(UTF_8).length)), body);
  }

  @Test
  void upload_storesTheBodyUnderItsKey_andAnswersAReference() throws IOException {
    // More than the platform's own limit for bodies.
    String body = "0123456789".repeat(1_200_000);
    Answer answer = put("/api/uploads/clips/lap%201+2.zip", body);
    assertThat(answer.status()).as(new String(answer.body(), UTF_8)).isEqualTo(201);
    assertThat(answer.json().toMap())
        .isEqualTo(
            Map.of(
                "key",
                "clips/lap 1+2.zip",
                "size",
                12_000_000,
                "sha256",
                Sha256.sha256(body.getBytes(UTF_8))));
    assertThat(front.store.get("clips/lap 1+2.zip").orElseThrow().bytes())
        .isEqualTo(body.getBytes(UTF_8));
    assertThat(put("/api/uploads/clips/lap%201+2.zip", "other").status()).isEqualTo(201);
    assertThat(front.store.get("clips/lap 1+2.zip").orElseThrow().bytes())
        .isEqualTo("other".getBytes(UTF_8));
  }

  @Test
  void upload_acceptsABodyOfUnknownLength() throws IOException {
    Answer answer =
        Http.call(
            "PUT",
            "/api/uploads/inputs/a.png",
            Map.of("transfer-encoding", "chunked"),
            "5\r\nhello\r\n0\r\n\r\n");
    assertThat(answer.status()).isEqualTo(201);
    assertThat(front.store.get("inputs/a.png").orElseThrow().bytes())
        .isEqualTo("hello".getBytes(UTF_8));
  }

  @Test
  void upload_refusesKeysOfResultsAndInvalidOnes() throws IOException {
    for (String key :
        List.of(
            "jobs/a/images/00000.png",
            "models/m/1/config.json",
            "%6Aobs/a/x",
            "a/",
            "a%0Ab",
            "%2Fa",
            "x".repeat(300))) {
      Answer answer = put("/api/uploads/" + key, "x");
      assertThat(answer.status()).as(key).isEqualTo(400);
      assertThat(answer.json().requiredString("field")).as(key).isEqualTo("key");
    }
    assertThat(front.store.list("")).isEmpty();
  }

  @Test
  void upload_refusesABodyThatIsTooLarge() throws IOException {
    front.open(limited(4));
    Answer declared = put("/api/uploads/a.zip", "12345");
    assertThat(declared.status()).isEqualTo(413);
    assertThat(declared.json().requiredString("message")).isEqualTo("an upload may have 4 bytes");
    Answer chunked =
        Http.call(
            "PUT",
            "/api/uploads/a.zip",
            Map.of("transfer-encoding", "chunked"),
            "5\r\nhello\r\n0\r\n\r\n");
    assertThat(chunked.status()).isEqualTo(413);
    assertThat(front.store.list("")).isEmpty();
    front.open(limited(0));
    assertThat(put("/api/uploads/a.zip", "1").status()).isEqualTo(404);
  }

  @Test
  void upload_isRefusedFromOtherSites() throws IOException {
    Map<String, String> foreign = Map.of("origin", "http://evil.example", "content-length", "1");
    assertThat(Http.call("PUT", "/api/uploads/a.zip", foreign, "1").status()).isEqualTo(403);
    assertThat(front.store.list("")).isEmpty();
  }
}
