package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.http.Http.Answer;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.JsonObject;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(FrontTestProfile.class)
class JobsResourceTest {
  private final FakeFront front = new FakeFront();

  @BeforeEach
  void open() {
    front.open(HttpSettings.LOCAL);
  }

  @AfterEach
  void close() {
    front.close();
  }

  @Test
  void submit_publishesTheRequestByteForByte() throws IOException {
    String request = "{\"id\":\"a\",  \"model\":\"m\", \"count\":4}";
    Answer answer = Http.post("/api/jobs", request);
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.headers())
        .containsEntry("location", "/api/jobs/a")
        .containsEntry("content-type", "application/json")
        .containsEntry("cache-control", "no-store");
    assertThat(answer.json().object("links").orElseThrow().requiredString("cancel"))
        .isEqualTo("/api/jobs/a/cancel");
    assertThat(front.sent).containsExactly("generation " + request);
  }

  @Test
  void submit_givesAnIdToARequestWithoutOne() throws IOException {
    String id = Http.post("/api/jobs", "{\"model\":\"m\"}").json().requiredString("id");
    assertThat(id).matches(JobId.RULE);
    assertThat(front.sent).singleElement().asString().contains("\"id\":\"" + id + "\"");
    assertThat(Http.post("/api/jobs", "{\"model\":\"m\"}").json().requiredString("id"))
        .isNotEqualTo(id);
  }

  @Test
  void submit_publishesATrainingToItsTopic() throws IOException {
    String good =
        "{\"id\":\"t\",\"model\":\"m\",\"network\":{\"kind\":\"mlp\",\"dimensions\":2,\"hidden\":[8]},"
            + "\"p0\":\"triangle\",\"p1\":\"square\",\"iterations\":%s,\"batchSize\":4}";
    Answer taken = Http.post("/api/jobs", good.formatted("10"));
    assertThat(taken.status()).as(new String(taken.body(), UTF_8)).isEqualTo(202);
    assertThat(taken.json().requiredString("kind")).isEqualTo("training");
    assertThat(front.sent).singleElement().asString().startsWith("training {\"id\":\"t\"");
    Answer refused = Http.post("/api/jobs", good.formatted("-1"));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().requiredString("field")).isEqualTo("iterations");
  }

  @Test
  void submit_namesTheInvalidField() throws IOException {
    Map<String, String> invalid =
        Map.of(
            "{\"id\":\"a\",\"model\":\"m\",\"steps\":0}", "steps",
            "{\"id\":\"a\"}", "model",
            "{\"id\":\"../a\",\"model\":\"m\"}", "id",
            "{\"id\":\"a\",\"model\":\"m\",\"colour\":1}", "colour",
            "[]", "",
            "{", "");
    for (Map.Entry<String, String> request : invalid.entrySet()) {
      Answer answer = Http.post("/api/jobs", request.getKey());
      assertThat(answer.status()).as(request.getKey()).isEqualTo(400);
      assertThat(answer.json().string("field", "?"))
          .as(request.getKey())
          .isEqualTo(request.getValue());
      assertThat(answer.json().requiredString("message")).isNotBlank();
    }
    assertThat(front.sent).isEmpty();
  }

  @Test
  void submit_conflictsWithAnotherRequestOfTheSameIdOnly() throws IOException {
    JsonObject first = JsonObject.parse("{\"id\":\"a\",\"model\":\"m\",\"seed\":1}");
    front.board.requested("generation", new JobId("a"), first, FakeFront.START);
    assertThat(Http.post("/api/jobs", "{\"id\":\"a\",\"model\":\"m\",\"seed\":2}").status())
        .isEqualTo(409);
    assertThat(Http.post("/api/jobs", "{\"seed\":1,\"model\":\"m\",\"id\":\"a\"}").status())
        .isEqualTo(202);
    front.store.put("jobs/b/job.json", "{\"fingerprint\":\"another\"}".getBytes(UTF_8), "");
    assertThat(Http.post("/api/jobs", "{\"id\":\"b\",\"model\":\"m\"}").status()).isEqualTo(409);
    assertThat(front.sent).hasSize(1);
  }

  @Test
  void submit_isUnavailable_whenTheBrokerDoesNotAnswer() throws IOException {
    front.brokerAway = true;
    Answer answer = Http.post("/api/jobs", "{\"id\":\"a\",\"model\":\"m\"}");
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.headers()).containsKey("retry-after");
    assertThat(answer.json().requiredString("message")).contains("no broker answers");
  }

  private static List<JsonObject> jobs(Answer answer) {
    return answer.json().objects("jobs", 99).orElseThrow();
  }

  @Test
  void list_hasPagesAndStates() throws IOException {
    for (int i = 0; i < 7; i++) {
      front.finished("done-" + i, JobEvent.Type.COMPLETED);
      front.board.requested(
          "generation",
          new JobId("wait-" + i),
          JsonObject.parse("{\"id\":\"x\"}"),
          FakeFront.START);
    }
    Answer first = Http.get("/api/jobs?limit=10");
    assertThat(jobs(first)).hasSize(10);
    Answer second = Http.get("/api/jobs?limit=10&after=" + first.json().requiredString("next"));
    assertThat(jobs(second)).hasSize(4);
    assertThat(second.json().has("next")).isFalse();
    assertThat(jobs(Http.get("/api/jobs?state=queued"))).hasSize(7);
    assertThat(first.json().object("counts").orElseThrow().integer("completed", 0, 99, 0))
        .isEqualTo(7);
    assertThat(Http.get("/api/jobs?state=lost").status()).isEqualTo(400);
    assertThat(Http.get("/api/jobs?after=x").status()).isEqualTo(400);
    Answer limit = Http.get("/api/jobs?limit=9999");
    assertThat(limit.status()).isEqualTo(400);
    assertThat(limit.json().requiredString("message"))
        .isEqualTo("limit must be an integer from 1 to 500, not \"9999\"");
  }

  @Test
  void list_isFilteredByModelTenantAndId() throws IOException {
    for (String[] job :
        new String[][] {
          {"red-1", "faces@2", "a"}, {"red-2", "facestwo", "a"}, {"blue-1", "faces", "b"}
        }) {
      front.board.requested(
          "generation",
          new JobId(job[0]),
          JsonObject.parse("{\"model\":\"" + job[1] + "\",\"tenant\":\"" + job[2] + "\"}"),
          FakeFront.START);
    }
    assertThat(ids("model=faces")).containsExactlyInAnyOrder("red-1", "blue-1");
    assertThat(ids("model=faces@2")).containsExactly("red-1");
    assertThat(ids("tenant=a")).containsExactlyInAnyOrder("red-1", "red-2");
    assertThat(ids("search=RED")).containsExactlyInAnyOrder("red-1", "red-2");
    assertThat(ids("search=red&model=faces")).containsExactly("red-1");
    assertThat(ids("state=failed&search=red")).isEmpty();
  }

  private static List<String> ids(String query) throws IOException {
    return jobs(Http.get("/api/jobs?" + query)).stream()
        .map(job -> job.requiredString("id"))
        .toList();
  }

  @Test
  void job_tellsHowManyImagesAreAhead() throws IOException {
    for (int i = 0; i < 3; i++) {
      front.board.requested(
          "generation",
          new JobId("wait-" + i),
          JsonObject.parse("{\"count\":" + (10 + i) + "}"),
          FakeFront.START.plusSeconds(i));
    }
    front.board.event(
        new JobEvent(
            "e",
            JobEvent.Type.PROGRESSED,
            "wait-0",
            1,
            1_000_003,
            FakeFront.START.plusSeconds(9),
            Map.of("done", 1, "total", 2, "images", 4, "imagesTotal", 10)));
    assertThat(Http.get("/api/jobs/wait-2").json().integer("imagesAhead", 0, 99, -1))
        .isEqualTo(6 + 11);
    JsonObject running = Http.get("/api/jobs/wait-0").json();
    assertThat(running.integer("imagesTotal", 0, 99, 0)).isEqualTo(10);
    assertThat(running.has("imagesAhead")).as("it has images already").isFalse();
  }

  @Test
  void cancel_isRefused_whenTheJobHasEnded() throws IOException {
    front.finished("a", JobEvent.Type.FAILED);
    JsonObject job = Http.get("/api/jobs/a").json();
    assertThat(job.requiredString("state")).isEqualTo("failed");
    assertThat(job.requiredString("cause")).isEqualTo("why");
    assertThat(Http.post("/api/jobs/a/cancel", "").status()).isEqualTo(409);
    assertThat(Http.post("/api/jobs/b/cancel", "").status()).isEqualTo(202);
    assertThat(front.sent).containsExactly("cancel b");
    assertThat(Http.get("/api/jobs/b").status()).isEqualTo(404);
    Answer get = Http.get("/api/jobs/b/cancel");
    assertThat(get.status()).isEqualTo(405);
    assertThat(get.headers().get("allow")).contains("POST");
    Answer post = Http.post("/api/jobs/b", "{}");
    assertThat(post.status()).isEqualTo(405);
    assertThat(post.headers().get("allow")).contains("GET");
    assertThat(post.json().requiredString("message")).contains("is answered here");
  }

  @Test
  void results_areThoseOfTheManifestWithLinks() throws IOException {
    front.store.put("jobs/a/images/00000.png", new byte[] {1, 2, 3}, "");
    front.store.put(
        "jobs/a/manifest.json",
        ("{\"state\":\"completed\",\"settings\":{\"steps\":8},\"images\":["
                + "{\"key\":\"jobs/a/images/00000.png\",\"seed\":7},"
                + "{\"key\":\"secrets/other.png\"}]}")
            .getBytes(UTF_8),
        "");
    JsonObject results = Http.get("/api/jobs/a/results").json();
    List<JsonObject> images = results.objects("images", 9).orElseThrow();
    assertThat(images.get(0).requiredString("link"))
        .isEqualTo("http://store/jobs/a/images/00000.png?validity=900");
    assertThat(images.get(0).requiredString("path"))
        .isEqualTo("/api/jobs/a/files/images/00000.png");
    assertThat(images.get(1).has("link")).isFalse();
    for (String method : List.of("GET", "HEAD")) {
      Answer file = Http.call(method, "/api/jobs/a/files/images/00000.png", Map.of(), "");
      assertThat(file.status()).isEqualTo(200);
      assertThat(file.headers())
          .containsEntry("content-type", "image/png")
          .containsEntry("content-length", "3")
          .containsEntry("content-disposition", "inline")
          .containsEntry("cache-control", "private, max-age=86400, immutable");
      assertThat(file.body()).hasSize(method.equals("GET") ? 3 : 0);
    }
  }

  @Test
  void file_isNotSentAgain_whenTheCallerHasIt() throws IOException {
    front.store.put("jobs/a/images/00000.png", new byte[] {1, 2, 3}, "");
    String path = "/api/jobs/a/files/images/00000.png";
    Map<String, String> headers = Http.get(path).headers();
    assertThat(headers).containsEntry("cache-control", "private, max-age=86400, immutable");
    String tag = headers.get("etag");
    assertThat(tag).isEqualTo("\"e\"");
    for (String method : List.of("GET", "HEAD")) {
      Answer unchanged = Http.call(method, path, Map.of("if-none-match", tag), "");
      assertThat(unchanged.status()).isEqualTo(304);
      assertThat(unchanged.body()).isEmpty();
      assertThat(unchanged.headers())
          .containsEntry("etag", tag)
          .containsEntry("cache-control", "private, max-age=86400, immutable");
    }
    Map<String, String> other = Map.of("if-none-match", "\"other\"");
    assertThat(Http.call("GET", path, other, "").status()).isEqualTo(200);
  }

  private static final String MANIFEST =
      "{\"schema\":1,\"id\":\"old\",\"state\":\"failed\",\"attempt\":2,"
          + "\"created\":\"2026-11-01T10:00:00Z\",\"fingerprint\":\"f\",\"field\":\"steps\","
          + "\"cause\":\"steps is too large\"}";
  private static final String RECORD =
      "{\"schema\":1,\"id\":\"%s\",\"fingerprint\":\"f\",\"model\":\"m@1\",\"attempts\":2,"
          + "\"failedAttempts\":0,\"created\":\"2026-11-01T09:00:00Z\",\"history\":[]}";

  /** The board has the newest jobs only, the store has all. */
  @Test
  void job_isFoundInTheStore_whenTheListHasDroppedIt() throws IOException {
    front.store.put("jobs/old/job.json", RECORD.formatted("old").getBytes(UTF_8), "");
    front.store.put("jobs/old/manifest.json", MANIFEST.getBytes(UTF_8), "");
    front.store.put("jobs/taken/job.json", RECORD.formatted("taken").getBytes(UTF_8), "");
    JsonObject old = Http.get("/api/jobs/old").json();
    assertThat(old.requiredString("state")).isEqualTo("failed");
    assertThat(old.requiredString("cause")).isEqualTo("steps is too large");
    assertThat(old.requiredString("since")).isEqualTo("2026-11-01T09:00:00Z");
    assertThat(old.requiredString("ended")).isEqualTo("2026-11-01T10:00:00Z");
    assertThat(old.requiredString("model")).isEqualTo("m@1");
    assertThat(Http.post("/api/jobs/old/cancel", "").status()).isEqualTo(409);
    assertThat(Http.get("/api/jobs/taken").json().requiredString("state")).isEqualTo("running");
    assertThat(Http.post("/api/jobs/taken/cancel", "").status()).isEqualTo(202);
    Answer none = Http.get("/api/jobs/none");
    assertThat(none.status()).isEqualTo(404);
    assertThat(none.json().requiredString("message")).isEqualTo("there is no job none");
  }

  @Test
  void events_beginWithThePresentStateOfTheJob() throws Exception {
    front.finished("ended", JobEvent.Type.COMPLETED);
    front.store.put("jobs/old/job.json", RECORD.formatted("old").getBytes(UTF_8), "");
    front.store.put("jobs/old/manifest.json", MANIFEST.getBytes(UTF_8), "");
    assertThat(Http.events("/api/events?job=ended", 2))
        .satisfiesExactly(
            hello -> assertThat(hello).contains("event: hello"),
            job ->
                assertThat(job)
                    .contains("event: job", "\"id\":\"ended\"", "\"state\":\"completed\""));
    assertThat(Http.events("/api/events?job=old", 2).get(1))
        .contains("event: job", "\"state\":\"failed\"");
    assertThat(Http.events("/api/events?job=none", 2).get(1)).contains("event: figures");
  }

  @Test
  void submit_answersTheResult_whenTheJobEndsWhileTheCallerWaits() throws Exception {
    Map<String, String> wait =
        Map.of("prefer", "respond-async, wait=20", "x-forwarded-prefix", "/p");
    Thread worker =
        new Thread(
            () -> {
              while (front.waits.count() == 0) {
                Thread.onSpinWait();
              }
              front.finished("w", JobEvent.Type.COMPLETED);
            });
    worker.start();
    Answer answer = Http.call("POST", "/api/jobs", wait, "{\"id\":\"w\",\"model\":\"m\"}");
    worker.join();
    assertThat(answer.status()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
    assertThat(answer.headers())
        .containsEntry("preference-applied", "wait=20")
        .containsEntry("location", "/p/api/jobs/w");
    JsonObject job = answer.json().object("job").orElseThrow();
    assertThat(job.requiredString("state")).isEqualTo("completed");
    assertThat(job.object("links").orElseThrow().requiredString("self")).isEqualTo("/p/api/jobs/w");
    assertThat(answer.json().object("results").orElseThrow().requiredString("id")).isEqualTo("w");
    // The same request again: it has ended already.
    assertThat(Http.call("POST", "/api/jobs", wait, "{\"id\":\"w\",\"model\":\"m\"}").status())
        .isEqualTo(200);
    assertThat(front.waits.count()).isZero();
  }

  @Test
  void submit_answersAccepted_whenTheJobDoesNotEndInTime() throws Exception {
    Map<String, String> wait = Map.of("prefer", "wait=1");
    Answer answer = Http.call("POST", "/api/jobs", wait, "{\"model\":\"m\"}");
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.headers()).containsEntry("preference-applied", "wait=1");
    for (String ignored : List.of("wait=soon", "wait=0", "return=minimal", "await=9")) {
      Answer plain = Http.call("POST", "/api/jobs", Map.of("prefer", ignored), "{\"model\":\"m\"}");
      assertThat(plain.status()).isEqualTo(202);
      assertThat(plain.headers()).as(ignored).doesNotContainKey("preference-applied");
    }
    for (int i = 0; i < JobWaits.WAITS_MAX; i++) {
      assertThat(front.waits.open("x", java.time.Duration.ofMinutes(1))).isPresent();
    }
    Answer full = Http.call("POST", "/api/jobs", wait, "{\"model\":\"m\"}");
    assertThat(full.status()).isEqualTo(202);
    assertThat(full.headers()).doesNotContainKey("preference-applied");
  }

  @Test
  void submit_refusesAnUnknownModelAndAWebhook() throws IOException {
    Answer unknown = Http.post("/api/jobs", "{\"id\":\"u\",\"model\":\"unknown\"}");
    assertThat(unknown.status()).isEqualTo(400);
    assertThat(unknown.json().requiredString("field")).isEqualTo("model");
    Answer hook = Http.post("/api/jobs", "{\"model\":\"m\",\"webhook\":\"https://a.example/\"}");
    assertThat(hook.status()).isEqualTo(400);
    assertThat(hook.json().requiredString("field")).isEqualTo("webhook");
    assertThat(front.sent).isEmpty();
  }

  @Test
  void refusals_areProblemDetails() throws IOException {
    Answer answer = Http.post("/api/jobs", "{\"model\":\"m\",\"steps\":0}");
    assertThat(answer.headers()).containsEntry("content-type", "application/problem+json");
    Map<String, Object> problem = answer.json().toMap();
    assertThat(problem)
        .containsEntry("type", "about:blank")
        .containsEntry("title", "Bad Request")
        .containsEntry("status", 400)
        .containsEntry("field", "steps")
        .containsKey("message");
    assertThat(problem.get("detail")).isEqualTo(problem.get("message"));
    for (String path : List.of("/api/jobs/none", "/api/nothing", "/api/jobs/a/files/x")) {
      assertThat(Http.get(path).headers())
          .as(path)
          .containsEntry("content-type", "application/problem+json");
    }
  }

  @Test
  void cancel_needsNoContentType_withoutABody() throws IOException {
    Map<String, String> curl = Map.of("content-length", "0");
    assertThat(Http.bare("POST", "/api/jobs/c/cancel", curl).status()).isEqualTo(202);
    assertThat(Http.bare("POST", "/api/jobs/c/cancel", Map.of()).status()).isEqualTo(202);
    assertThat(Http.bare("POST", "/api/models", Map.of()).status()).isEqualTo(405);
    Map<String, String> form = Map.of("content-type", "application/x-www-form-urlencoded");
    assertThat(Http.bare("POST", "/api/jobs/c/cancel", form).status()).isEqualTo(415);
    Map<String, String> foreign = Map.of("origin", "http://evil.example");
    assertThat(Http.bare("POST", "/api/jobs/c/cancel", foreign).status()).isEqualTo(403);
    assertThat(front.sent).containsExactly("cancel c", "cancel c");
  }

  @Test
  void parameterThatIsGivenTwice_isRefused() throws IOException {
    Answer answer = Http.get("/api/jobs?limit=1&limit=2");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().requiredString("field")).isEqualTo("limit");
  }

  @Test
  void file_isFoundByAPathOfAnyName() throws IOException {
    String key = "jobs/a/images/gro\u00df (1)+50%/b c.png";
    front.store.put(key, new byte[3], "");
    front.store.put(
        "jobs/a/manifest.json",
        ("{\"state\":\"completed\",\"images\":[{\"key\":\"" + key + "\"}]}").getBytes(UTF_8),
        "");
    JsonObject results = Http.get("/api/jobs/a/results").json();
    String path = results.objects("images", 9).orElseThrow().get(0).requiredString("path");
    assertThat(path).doesNotContain(" ", "(", "+");
    assertThat(Http.get(path).status()).isEqualTo(200);
    front.store.put("jobs/a/checkpoints/x", new byte[3], "");
    for (String hidden : List.of("checkpoints%2Fx", "%6Aob.json", "..%2F..%2Fsecrets")) {
      assertThat(Http.get("/api/jobs/a/files/" + hidden).status()).as(hidden).isEqualTo(404);
    }
    assertThat(Http.get("/api/jobs/a/files/%zz").status()).isIn(400, 404);
  }

  @Test
  void preview_showsImagesBeingSampled() throws IOException {
    JsonObject row =
        Http.get("/api/jobs/now/preview").json().objects("rows", 9).orElseThrow().get(0);
    assertThat(row.integer("index", 0, 99, 0)).isEqualTo(3);
    assertThat(row.integer("done", 0, 99, 0)).isEqualTo(12);
    assertThat(row.integer("total", 0, 99, 0)).isEqualTo(32);
    assertThat(row.requiredString("data")).isEqualTo("AQID");
    assertThat(Http.get("/api/jobs/other/preview").json().objects("rows", 9).orElseThrow())
        .isEmpty();
    assertThat(Http.post("/api/jobs/now/preview", "{}").status()).isEqualTo(405);
  }

  @Test
  void onlyFilesOfJobsAreSent() throws IOException {
    front.store.put("jobs/a/job.json", new byte[1], "");
    front.store.put("jobs/a/checkpoints/x.safetensors", new byte[1], "");
    front.store.put("models/m/1/config.json", new byte[1], "");
    for (String path :
        List.of(
            "/api/jobs/a/files/job.json",
            "/api/jobs/a/files/checkpoints/x.safetensors",
            "/api/jobs/a/files/../../models/m/1/config.json",
            "/api/jobs/a/files/absent.png",
            "/api/jobs/../files/x",
            "/page/../application.properties",
            "/page/absent.js",
            "/index.html",
            "/api/nothing")) {
      Answer answer = Http.get(path);
      assertThat(answer.status()).as(path).isEqualTo(404);
      assertThat(answer.json().requiredString("message")).as(path).isNotBlank();
    }
  }
}
