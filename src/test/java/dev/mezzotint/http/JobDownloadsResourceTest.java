package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.http.Http.Answer;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(FrontTestProfile.class)
class JobDownloadsResourceTest {
  private final FakeFront front = new FakeFront();

  @BeforeEach
  void open() {
    front.open(HttpSettings.LOCAL);
  }

  @AfterEach
  void close() {
    front.close();
  }

  private void manifest(String images) {
    front.store.put(
        "jobs/a/manifest.json",
        ("{\"state\":\"completed\",\"created\":\"2026-11-22T12:00:00Z\",\"images\":["
                + images
                + "]}")
            .getBytes(UTF_8),
        "");
  }

  private static String image(String key, long bytes) {
    return "{\"key\":\"" + key + "\",\"bytes\":" + bytes + "}";
  }

  @Test
  void archive_hasAllFilesOfTheJob() throws IOException {
    byte[] clip = new byte[70_000];
    clip[69_999] = 5;
    front.store.put("jobs/a/images/00000.png", new byte[] {1, 2, 3}, "");
    front.store.put("jobs/a/images/gro\u00df/b.png", new byte[] {4}, "");
    front.store.put("jobs/a/clip.png", clip, "");
    front.store.put("jobs/a/job.json", new byte[9], "");
    front.store.put("jobs/b/images/00000.png", new byte[9], "");
    manifest(
        String.join(
            ",",
            image("jobs/a/images/00000.png", 3),
            image("jobs/a/images/gro\u00df/b.png", 1),
            image("jobs/b/images/00000.png", 9)));
    Answer answer = Http.get("/api/jobs/a/archive");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers())
        .containsEntry("content-type", "application/zip")
        .containsEntry("content-disposition", "attachment; filename=\"a.zip\"")
        .containsEntry("content-length", String.valueOf(answer.body().length));
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(answer.body()))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        assertThat(entry.getMethod()).isEqualTo(ZipEntry.STORED);
        files.put(entry.getName(), zip.readAllBytes());
        assertThat(entry.getTimeLocal().toString()).isEqualTo("2026-11-22T12:00");
      }
    }
    assertThat(files)
        .containsOnlyKeys(
            "images/00000.png", "images/gro\u00df/b.png", "clip.png", "manifest.json");
    assertThat(files.get("images/00000.png")).containsExactly(1, 2, 3);
    assertThat(files.get("clip.png")).isEqualTo(clip);

    Answer head = Http.call("HEAD", "/api/jobs/a/archive", Map.of(), "");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.headers())
        .containsEntry("content-length", String.valueOf(answer.body().length));
  }

  @Test
  void archive_isRefused_beforeTheEndAndForLargeFiles() throws IOException {
    front.store.put("jobs/a/images/00000.png", new byte[] {1, 2, 3}, "");
    assertThat(Http.get("/api/jobs/a/archive").status()).isEqualTo(404);
    manifest(image("jobs/a/images/00000.png", (64L << 20) + 1));
    Answer large = Http.get("/api/jobs/a/archive");
    assertThat(large.status()).isEqualTo(413);
    assertThat(large.json().requiredString("message"))
        .isEqualTo(
            "images/00000.png has 67108865 bytes, more than the 67108864 allowed: use the links in"
                + " /api/jobs/a/results");
  }

  @Test
  void request_isShownAsItIsInItsTopic() throws IOException {
    String request = "{\"id\":\"a\",  \"model\":\"m\"}";
    front.requests.put("a", request.getBytes(UTF_8));
    Answer answer = Http.get("/api/jobs/a/request");
    assertThat(new String(answer.body(), UTF_8)).isEqualTo(request);
    assertThat(answer.headers()).containsEntry("content-type", "application/json");
    assertThat(Http.get("/api/jobs/b/request").status()).isEqualTo(404);
  }

  /** A file of the bucket that is no image must not be shown by a browser as something else. */
  @Test
  void condition_isSentIfItIsAnImage() throws IOException {
    byte[] png = {(byte) 0x89, 'P', 'N', 'G', 1};
    front.conditions.put("a//lap/0001.png", png);
    front.conditions.put("a/labels/0001", new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff});
    front.conditions.put("a//page", "<html>".getBytes(UTF_8));
    Answer answer = Http.get("/api/jobs/a/conditions/lap/0001.png");
    assertThat(answer.body()).isEqualTo(png);
    assertThat(answer.headers())
        .containsEntry("content-type", "image/png")
        .containsEntry("x-content-type-options", "nosniff");
    assertThat(Http.get("/api/jobs/a/conditions/0001?part=labels").headers())
        .containsEntry("content-type", "image/jpeg");
    assertThat(Http.get("/api/jobs/a/conditions/page").status()).isEqualTo(404);
    assertThat(Http.get("/api/jobs/a/conditions/absent").status()).isEqualTo(404);
  }

  @Test
  void samplesOfModels_areSent() throws IOException {
    assertThat(Http.get("/api/models/faces@1/samples").headers())
        .containsEntry("content-type", "image/png");
    assertThat(Http.get("/api/models/faces@2/samples").status()).isEqualTo(404);
  }

  /** Browsers get a page that reloads itself; programs get the refusal that they know. */
  @Test
  void whileTheWorkerStarts_browsersGetAPage() throws IOException {
    front.close();
    Answer page = Http.call("GET", "/", Map.of("accept", "text/html,*/*"), "");
    assertThat(page.status()).isEqualTo(503);
    assertThat(page.headers()).containsEntry("content-type", "text/html; charset=utf-8");
    assertThat(new String(page.body(), UTF_8))
        .contains("is starting", "http-equiv=\"refresh\"")
        .doesNotContain("{seconds}");
    for (String other : new String[] {"/api/jobs", "/page/page.js"}) {
      assertThat(
              Http.call("GET", other, Map.of("accept", "text/html"), "")
                  .json()
                  .requiredString("message"))
          .isEqualTo("the worker is starting");
    }
    assertThat(Http.get("/").json().requiredString("message")).isEqualTo("the worker is starting");
  }
}
