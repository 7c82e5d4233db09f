package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the front answers, and what it turns away. */
class ApiRouterTest {
  private final FrontWithoutBroker rest = new FrontWithoutBroker();

  @AfterEach
  void close() {
    rest.close();
  }

  @Test
  void aRequestGoesToItsTopicByteForByte() {
    String request = "{\"id\":\"a\",  \"model\":\"m\", \"count\":4}";
    HttpResponse answer = rest.post("/api/jobs", request);
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.headers()).containsEntry("Location", "/api/jobs/a");
    assertThat(
            FrontWithoutBroker.json(answer).object("links").orElseThrow().requiredString("cancel"))
        .isEqualTo("/api/jobs/a/cancel");
    assertThat(rest.sent).containsExactly("generation " + request);
  }

  @Test
  void aRequestWithoutAnIdIsGivenOne() {
    String id =
        FrontWithoutBroker.json(rest.post("/api/jobs", "{\"model\":\"m\"}")).requiredString("id");
    assertThat(id).matches(JobId.RULE);
    assertThat(rest.sent).singleElement().asString().contains("\"id\":\"" + id + "\"");
    assertThat(
            FrontWithoutBroker.json(rest.post("/api/jobs", "{\"model\":\"m\"}"))
                .requiredString("id"))
        .isNotEqualTo(id);
  }

  @Test
  void aTrainingGoesToTheOtherTopic() {
    String good =
        "{\"id\":\"t\",\"model\":\"m\",\"network\":{\"kind\":\"mlp\",\"dimensions\":2,\"hidden\":[8]},"
            + "\"p0\":\"triangle\",\"p1\":\"square\",\"iterations\":%s,\"batchSize\":4}";
    HttpResponse taken = rest.post("/api/jobs", good.formatted("10"));
    assertThat(taken.status()).as(FrontWithoutBroker.json(taken).toMap().toString()).isEqualTo(202);
    assertThat(FrontWithoutBroker.json(taken).requiredString("kind")).isEqualTo("training");
    assertThat(rest.sent).singleElement().asString().startsWith("training {\"id\":\"t\"");
    HttpResponse refused = rest.post("/api/jobs", good.formatted("-1"));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(FrontWithoutBroker.json(refused).requiredString("field")).isEqualTo("iterations");
  }

  @Test
  void whatIsWrongIsRefusedByTheFieldsName() {
    Map<String, String> wrong =
        Map.of(
            "{\"id\":\"a\",\"model\":\"m\",\"steps\":0}", "steps",
            "{\"id\":\"a\"}", "model",
            "{\"id\":\"../a\",\"model\":\"m\"}", "id",
            "{\"id\":\"a\",\"model\":\"m\",\"colour\":1}", "colour",
            "[]", "",
            "{", "");
    wrong.forEach(
        (body, field) -> {
          HttpResponse answer = rest.post("/api/jobs", body);
          assertThat(answer.status()).as(body).isEqualTo(400);
          assertThat(FrontWithoutBroker.json(answer).string("field", "?"))
              .as(body)
              .isEqualTo(field);
          assertThat(FrontWithoutBroker.json(answer).requiredString("message")).isNotBlank();
        });
    assertThat(rest.sent).isEmpty();
  }

  @Test
  void anIdOfAnotherRequestIsAConflictAndTheSameOneIsNot() {
    JsonObject first = JsonObject.parse("{\"id\":\"a\",\"model\":\"m\",\"seed\":1}");
    rest.board.requested("generation", new JobId("a"), first, FrontWithoutBroker.START);
    assertThat(rest.post("/api/jobs", "{\"id\":\"a\",\"model\":\"m\",\"seed\":2}").status())
        .isEqualTo(409);
    assertThat(rest.post("/api/jobs", "{\"seed\":1,\"model\":\"m\",\"id\":\"a\"}").status())
        .isEqualTo(202);
    rest.store.put("jobs/b/job.json", "{\"fingerprint\":\"another\"}".getBytes(UTF_8), "");
    assertThat(rest.post("/api/jobs", "{\"id\":\"b\",\"model\":\"m\"}").status()).isEqualTo(409);
    assertThat(rest.sent).hasSize(1);
  }

  @Test
  void aBrokerThatIsAwayIsSaidToBe() {
    rest.brokerAway = true;
    HttpResponse answer = rest.post("/api/jobs", "{\"id\":\"a\",\"model\":\"m\"}");
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.headers()).containsKey("Retry-After");
  }

  @Test
  void jobsAreListedInPagesAndByState() {
    for (int i = 0; i < 7; i++) {
      rest.finished("done-" + i, JobEvent.Type.COMPLETED);
      rest.board.requested(
          "generation",
          new JobId("wait-" + i),
          JsonObject.parse("{\"id\":\"x\"}"),
          FrontWithoutBroker.START);
    }
    HttpResponse first = rest.get("/api/jobs?limit=10");
    assertThat(FrontWithoutBroker.json(first).objects("jobs", 99).orElseThrow()).hasSize(10);
    HttpResponse second =
        rest.get(
            "/api/jobs?limit=10&after=" + FrontWithoutBroker.json(first).requiredString("next"));
    assertThat(FrontWithoutBroker.json(second).objects("jobs", 99).orElseThrow()).hasSize(4);
    assertThat(FrontWithoutBroker.json(second).has("next")).isFalse();
    assertThat(
            FrontWithoutBroker.json(rest.get("/api/jobs?state=queued"))
                .objects("jobs", 99)
                .orElseThrow())
        .hasSize(7);
    assertThat(
            FrontWithoutBroker.json(first)
                .object("counts")
                .orElseThrow()
                .integer("completed", 0, 99, 0))
        .isEqualTo(7);
    assertThat(rest.get("/api/jobs?state=lost").status()).isEqualTo(400);
    assertThat(rest.get("/api/jobs?limit=9999").status()).isEqualTo(400);
    assertThat(rest.get("/api/jobs?after=x").status()).isEqualTo(400);
  }

  @Test
  void aJobSaysWhyItFailedAndCannotBeCalledOffAfterwards() {
    rest.finished("a", JobEvent.Type.FAILED);
    JsonObject job = FrontWithoutBroker.json(rest.get("/api/jobs/a"));
    assertThat(job.requiredString("state")).isEqualTo("failed");
    assertThat(job.requiredString("cause")).isEqualTo("why");
    assertThat(rest.post("/api/jobs/a/cancel", "").status()).isEqualTo(409);
    assertThat(rest.post("/api/jobs/b/cancel", "").status()).isEqualTo(202);
    assertThat(rest.sent).containsExactly("cancel b");
    assertThat(rest.get("/api/jobs/b").status()).isEqualTo(404);
    assertThat(rest.get("/api/jobs/b/cancel").status()).isEqualTo(405);
    assertThat(rest.post("/api/jobs/b", "{}").status()).isEqualTo(405);
  }

  @Test
  void resultsAreThoseOfTheManifestWithLinks() {
    rest.store.put("jobs/a/images/00000.png", new byte[] {1, 2, 3}, "");
    rest.store.put(
        "jobs/a/manifest.json",
        ("{\"state\":\"completed\",\"settings\":{\"steps\":8},\"images\":["
                + "{\"key\":\"jobs/a/images/00000.png\",\"seed\":7},"
                + "{\"key\":\"secrets/other.png\"}]}")
            .getBytes(UTF_8),
        "");
    JsonObject results = FrontWithoutBroker.json(rest.get("/api/jobs/a/results"));
    List<JsonObject> images = results.objects("images", 9).orElseThrow();
    assertThat(images.get(0).requiredString("link"))
        .isEqualTo("http://store/jobs/a/images/00000.png?validity=900");
    assertThat(images.get(0).requiredString("path"))
        .isEqualTo("/api/jobs/a/files/images/00000.png");
    assertThat(images.get(1).has("link")).isFalse();
    HttpResponse file = rest.get("/api/jobs/a/files/images/00000.png");
    assertThat(file.status()).isEqualTo(200);
    assertThat(file.headers()).containsEntry("Content-Type", "image/png");
    assertThat(((HttpResponse.Stream) file.body()).length()).isEqualTo(3);
  }

  @Test
  void filesOfAnyNameAreFoundByTheirPaths() {
    String key = "jobs/a/images/gro\u00df (1)+50%/b c.png";
    rest.store.put(key, new byte[3], "");
    rest.store.put(
        "jobs/a/manifest.json",
        ("{\"state\":\"completed\",\"images\":[{\"key\":\"" + key + "\"}]}").getBytes(UTF_8),
        "");
    JsonObject results = FrontWithoutBroker.json(rest.get("/api/jobs/a/results"));
    String path = results.objects("images", 9).orElseThrow().get(0).requiredString("path");
    assertThat(path).doesNotContain(" ", "(", "+");
    assertThat(rest.get(path).status()).isEqualTo(200);
    rest.store.put("jobs/a/checkpoints/x", new byte[3], "");
    for (String hidden : List.of("checkpoints%2Fx", "%6Aob.json", "..%2F..%2Fsecrets", "%zz")) {
      assertThat(rest.get("/api/jobs/a/files/" + hidden).status()).as(hidden).isEqualTo(404);
    }
  }

  @Test
  void rowsUnderWayAreShownAsTheyAreNow() {
    JsonObject row =
        FrontWithoutBroker.json(rest.get("/api/jobs/now/preview"))
            .objects("rows", 9)
            .orElseThrow()
            .get(0);
    assertThat(row.integer("index", 0, 99, 0)).isEqualTo(3);
    assertThat(row.integer("done", 0, 99, 0)).isEqualTo(12);
    assertThat(row.integer("total", 0, 99, 0)).isEqualTo(32);
    assertThat(row.requiredString("data")).isEqualTo("AQID");
    assertThat(
            FrontWithoutBroker.json(rest.get("/api/jobs/other/preview"))
                .objects("rows", 9)
                .orElseThrow())
        .isEmpty();
    assertThat(rest.post("/api/jobs/now/preview", "{}").status()).isEqualTo(405);
  }

  @Test
  void nothingBesideAJobsFilesIsHandedOut() {
    rest.store.put("jobs/a/job.json", new byte[1], "");
    rest.store.put("jobs/a/checkpoints/x.safetensors", new byte[1], "");
    rest.store.put("models/m/1/config.json", new byte[1], "");
    for (String path :
        List.of(
            "/api/jobs/a/files/job.json",
            "/api/jobs/a/files/checkpoints/x.safetensors",
            "/api/jobs/a/files/../../models/m/1/config.json",
            "/api/jobs/a/files/absent.png",
            "/api/jobs/../files/x",
            "/page/../openapi.json",
            "/index.html",
            "/api/nothing")) {
      assertThat(rest.get(path).status()).as(path).isEqualTo(404);
    }
    assertThat(rest.get("/").status()).isEqualTo(200);
    assertThat(rest.get("/page/page.js").headers())
        .containsEntry("Content-Type", "text/javascript; charset=utf-8");
  }

  @Test
  void othersPagesAndNamesStayOutside() {
    record Case(Map<String, String> headers, String method, int status) {}
    List<Case> cases =
        List.of(
            new Case(Map.of("host", "evil.example:8080"), "GET", 403),
            new Case(Map.of("host", "127.0.0.1.evil.example"), "GET", 403),
            new Case(Map.of("host", "192.168.1.7:8080"), "GET", 403),
            new Case(Map.of("host", "[::1]:8080"), "GET", 200),
            new Case(Map.of("host", "127.0.0.1"), "GET", 200),
            new Case(Map.of("origin", "http://evil.example"), "GET", 403),
            new Case(Map.of("origin", "null"), "POST", 403),
            new Case(Map.of("origin", "http://localhost:3000"), "POST", 403),
            new Case(Map.of("origin", "http://localhost:8080"), "POST", 202),
            new Case(Map.of("sec-fetch-site", "cross-site"), "GET", 403),
            new Case(Map.of("sec-fetch-site", "same-site"), "POST", 403),
            new Case(Map.of("content-type", "text/plain"), "POST", 415),
            new Case(Map.of("content-type", "application/x-www-form-urlencoded"), "POST", 415),
            new Case(Map.of("content-type", "application/json; charset=utf-8"), "POST", 202));
    for (Case c : cases) {
      HttpResponse answer =
          rest.front.answer(
              FrontWithoutBroker.call(c.method(), "/api/jobs", c.headers(), "{\"model\":\"m\"}"));
      assertThat(answer.status()).as(c.toString()).isEqualTo(c.status());
    }
  }

  @Test
  void aTokenIsAskedForEverywhereButAtThePageItself() {
    ApiRouter open =
        rest.front(
            new HttpSettings(false, List.of("gpu.lan"), Optional.of(FrontWithoutBroker.TOKEN)));
    Map<String, String> host = Map.of("host", "gpu.lan:8080");
    assertThat(open.answer(FrontWithoutBroker.call("GET", "/", host, "")).status()).isEqualTo(200);
    HttpResponse refused = open.answer(FrontWithoutBroker.call("GET", "/api/jobs", host, ""));
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.headers()).containsEntry("WWW-Authenticate", "Bearer");
    for (String wrong :
        List.of(
            "Bearer " + FrontWithoutBroker.TOKEN + "x",
            "Bearer ",
            "Basic " + FrontWithoutBroker.TOKEN,
            FrontWithoutBroker.TOKEN)) {
      Map<String, String> headers = Map.of("host", "10.0.0.7", "authorization", wrong);
      assertThat(open.answer(FrontWithoutBroker.call("GET", "/api/jobs", headers, "")).status())
          .isEqualTo(401);
    }
    Map<String, String> right =
        Map.of("host", "gpu.lan", "authorization", "Bearer " + FrontWithoutBroker.TOKEN);
    assertThat(open.answer(FrontWithoutBroker.call("GET", "/api/jobs", right, "")).status())
        .isEqualTo(200);
    assertThat(
            open.listen(
                FrontWithoutBroker.call("GET", "/api/events", host, ""),
                new FrontWithoutBroker.Ear()))
        .isPresent();
  }
}
