package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.JobBoard;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrontTest {
  private static final Instant START = Instant.parse("2026-11-22T12:00:00Z");
  private static final String TOKEN = "correct-horse-battery";

  private final EventStreams streams = new EventStreams(Map::of);
  private final JobBoard board = new JobBoard(1_000, streams::changed);
  private final ShelfOfBytes store = new ShelfOfBytes();
  private final List<String> sent = new ArrayList<>();
  private boolean brokerAway;
  private final Front front = front(FrontSettings.LOCAL);

  private Front front(FrontSettings settings) {
    Outbox outbox =
        new Outbox() {
          @Override
          public void submit(boolean training, String id, byte[] json) {
            if (brokerAway) {
              throw new TransientException("no broker answers");
            }
            sent.add((training ? "training " : "generation ") + new String(json, UTF_8));
          }

          @Override
          public void cancel(String id) {
            sent.add("cancel " + id);
          }
        };
    Shelf shelf =
        new Shelf() {
          @Override
          public List<Entry> models() {
            return List.of();
          }

          @Override
          public String link(String key, Duration validity) {
            return "http://store/" + key + "?validity=" + validity.toSeconds();
          }
        };
    return new Front(settings, board, streams, store, outbox, shelf, Map::of);
  }

  @AfterEach
  void close() {
    front.close();
  }

  private static Call call(String method, String path, Map<String, String> more, String body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("host", "localhost:8080");
    if (method.equals("POST")) {
      headers.put("content-type", "application/json");
    }
    headers.putAll(more);
    Map<String, String> query = new LinkedHashMap<>();
    String[] parts = path.split("\\?", 2);
    if (parts.length == 2) {
      for (String pair : parts[1].split("&", -1)) {
        query.put(pair.split("=", 2)[0], pair.split("=", 2)[1]);
      }
    }
    return new Call(method, parts[0], query, headers, body.getBytes(UTF_8));
  }

  private Answer get(String path) {
    return front.answer(call("GET", path, Map.of(), ""));
  }

  private Answer post(String path, String body) {
    return front.answer(call("POST", path, Map.of(), body));
  }

  private static JsonObject json(Answer answer) {
    return JsonObject.parse(((Answer.Bytes) answer.body()).bytes());
  }

  @Test
  void aRequestGoesToItsTopicByteForByte() {
    String request = "{\"id\":\"a\",  \"model\":\"m\", \"count\":4}";
    Answer answer = post("/api/jobs", request);
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.headers()).containsEntry("Location", "/api/jobs/a");
    assertThat(json(answer).object("links").orElseThrow().requiredString("cancel"))
        .isEqualTo("/api/jobs/a/cancel");
    assertThat(sent).containsExactly("generation " + request);
  }

  @Test
  void aRequestWithoutAnIdIsGivenOne() {
    String id = json(post("/api/jobs", "{\"model\":\"m\"}")).requiredString("id");
    assertThat(id).matches(JobId.RULE);
    assertThat(sent).singleElement().asString().contains("\"id\":\"" + id + "\"");
    assertThat(json(post("/api/jobs", "{\"model\":\"m\"}")).requiredString("id")).isNotEqualTo(id);
  }

  @Test
  void aTrainingGoesToTheOtherTopic() {
    String good =
        "{\"id\":\"t\",\"model\":\"m\",\"network\":{\"kind\":\"mlp\",\"dimensions\":2,\"hidden\":[8]},"
            + "\"p0\":\"triangle\",\"p1\":\"square\",\"iterations\":%s,\"batchSize\":4}";
    Answer taken = post("/api/jobs", good.formatted("10"));
    assertThat(taken.status()).as(json(taken).toMap().toString()).isEqualTo(202);
    assertThat(json(taken).requiredString("kind")).isEqualTo("training");
    assertThat(sent).singleElement().asString().startsWith("training {\"id\":\"t\"");
    Answer refused = post("/api/jobs", good.formatted("-1"));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(json(refused).requiredString("field")).isEqualTo("iterations");
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
          Answer answer = post("/api/jobs", body);
          assertThat(answer.status()).as(body).isEqualTo(400);
          assertThat(json(answer).string("field", "?")).as(body).isEqualTo(field);
          assertThat(json(answer).requiredString("message")).isNotBlank();
        });
    assertThat(sent).isEmpty();
  }

  @Test
  void anIdOfAnotherRequestIsAConflictAndTheSameOneIsNot() {
    JsonObject first = JsonObject.parse("{\"id\":\"a\",\"model\":\"m\",\"seed\":1}");
    board.requested("generation", new JobId("a"), first, START);
    assertThat(post("/api/jobs", "{\"id\":\"a\",\"model\":\"m\",\"seed\":2}").status())
        .isEqualTo(409);
    assertThat(post("/api/jobs", "{\"seed\":1,\"model\":\"m\",\"id\":\"a\"}").status())
        .isEqualTo(202);
    store.put("jobs/b/job.json", "{\"fingerprint\":\"another\"}".getBytes(UTF_8), "");
    assertThat(post("/api/jobs", "{\"id\":\"b\",\"model\":\"m\"}").status()).isEqualTo(409);
    assertThat(sent).hasSize(1);
  }

  @Test
  void aBrokerThatIsAwayIsSaidToBe() {
    brokerAway = true;
    Answer answer = post("/api/jobs", "{\"id\":\"a\",\"model\":\"m\"}");
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.headers()).containsKey("Retry-After");
  }

  private void finished(String id, JobEvent.Type type) {
    board.event(new JobEvent(id + type, type, id, 1, 1_999_999, START, Map.of("cause", "why")));
  }

  @Test
  void jobsAreListedInPagesAndByState() {
    for (int i = 0; i < 7; i++) {
      finished("done-" + i, JobEvent.Type.COMPLETED);
      board.requested(
          "generation", new JobId("wait-" + i), JsonObject.parse("{\"id\":\"x\"}"), START);
    }
    Answer first = get("/api/jobs?limit=10");
    assertThat(json(first).objects("jobs", 99).orElseThrow()).hasSize(10);
    Answer second = get("/api/jobs?limit=10&after=" + json(first).requiredString("next"));
    assertThat(json(second).objects("jobs", 99).orElseThrow()).hasSize(4);
    assertThat(json(second).has("next")).isFalse();
    assertThat(json(get("/api/jobs?state=queued")).objects("jobs", 99).orElseThrow()).hasSize(7);
    assertThat(json(first).object("counts").orElseThrow().integer("completed", 0, 99, 0))
        .isEqualTo(7);
    assertThat(get("/api/jobs?state=lost").status()).isEqualTo(400);
    assertThat(get("/api/jobs?limit=9999").status()).isEqualTo(400);
    assertThat(get("/api/jobs?after=x").status()).isEqualTo(400);
  }

  @Test
  void aJobSaysWhyItFailedAndCannotBeCalledOffAfterwards() {
    finished("a", JobEvent.Type.FAILED);
    JsonObject job = json(get("/api/jobs/a"));
    assertThat(job.requiredString("state")).isEqualTo("failed");
    assertThat(job.requiredString("cause")).isEqualTo("why");
    assertThat(post("/api/jobs/a/cancel", "").status()).isEqualTo(409);
    assertThat(post("/api/jobs/b/cancel", "").status()).isEqualTo(202);
    assertThat(sent).containsExactly("cancel b");
    assertThat(get("/api/jobs/b").status()).isEqualTo(404);
    assertThat(get("/api/jobs/b/cancel").status()).isEqualTo(405);
    assertThat(post("/api/jobs/b", "{}").status()).isEqualTo(405);
  }

  @Test
  void resultsAreThoseOfTheManifestWithLinks() {
    store.put("jobs/a/images/00000.png", new byte[] {1, 2, 3}, "");
    store.put(
        "jobs/a/manifest.json",
        ("{\"state\":\"completed\",\"settings\":{\"steps\":8},\"images\":["
                + "{\"key\":\"jobs/a/images/00000.png\",\"seed\":7},"
                + "{\"key\":\"secrets/other.png\"}]}")
            .getBytes(UTF_8),
        "");
    JsonObject results = json(get("/api/jobs/a/results"));
    List<JsonObject> images = results.objects("images", 9).orElseThrow();
    assertThat(images.get(0).requiredString("link"))
        .isEqualTo("http://store/jobs/a/images/00000.png?validity=900");
    assertThat(images.get(0).requiredString("path"))
        .isEqualTo("/api/jobs/a/files/images/00000.png");
    assertThat(images.get(1).has("link")).isFalse();
    Answer file = get("/api/jobs/a/files/images/00000.png");
    assertThat(file.status()).isEqualTo(200);
    assertThat(file.headers()).containsEntry("Content-Type", "image/png");
    assertThat(((Answer.Stream) file.body()).length()).isEqualTo(3);
  }

  @Test
  void nothingBesideAJobsFilesIsHandedOut() {
    store.put("jobs/a/job.json", new byte[1], "");
    store.put("jobs/a/checkpoints/x.safetensors", new byte[1], "");
    store.put("models/m/1/config.json", new byte[1], "");
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
      assertThat(get(path).status()).as(path).isEqualTo(404);
    }
    assertThat(get("/").status()).isEqualTo(200);
    assertThat(get("/page/page.js").headers())
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
      Answer answer = front.answer(call(c.method(), "/api/jobs", c.headers(), "{\"model\":\"m\"}"));
      assertThat(answer.status()).as(c.toString()).isEqualTo(c.status());
    }
  }

  @Test
  void aTokenIsAskedForEverywhereButAtThePageItself() {
    Front open = front(new FrontSettings(false, List.of("gpu.lan"), Optional.of(TOKEN)));
    Map<String, String> host = Map.of("host", "gpu.lan:8080");
    assertThat(open.answer(call("GET", "/", host, "")).status()).isEqualTo(200);
    Answer refused = open.answer(call("GET", "/api/jobs", host, ""));
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.headers()).containsEntry("WWW-Authenticate", "Bearer");
    for (String wrong : List.of("Bearer " + TOKEN + "x", "Bearer ", "Basic " + TOKEN, TOKEN)) {
      Map<String, String> headers = Map.of("host", "10.0.0.7", "authorization", wrong);
      assertThat(open.answer(call("GET", "/api/jobs", headers, "")).status()).isEqualTo(401);
    }
    Map<String, String> right = Map.of("host", "gpu.lan", "authorization", "Bearer " + TOKEN);
    assertThat(open.answer(call("GET", "/api/jobs", right, "")).status()).isEqualTo(200);
    assertThat(open.listen(call("GET", "/api/events", host, ""), new Ear())).isPresent();
  }

  /** Hears all. */
  private static final class Ear implements EventStreams.Sink {
    private final StringBuilder heard = new StringBuilder();
    private int roomChars = 1 << 20;
    private boolean ended;

    @Override
    public boolean send(String text) {
      heard.append(text);
      return heard.length() < roomChars;
    }

    @Override
    public void end() {
      ended = true;
    }

    private String lastId() {
      String text = heard.toString();
      int at = text.lastIndexOf("id: ");
      return text.substring(at + 4, text.indexOf('\n', at));
    }
  }

  private Ear listen(String query, Map<String, String> headers) {
    Ear ear = new Ear();
    Call call = call("GET", "/api/events" + query, headers, "");
    assertThat(front.listen(call, ear)).isEmpty();
    return ear;
  }

  @Test
  void changesAreHeardAndWhoComesBackHearsWhatWasMissed() {
    Ear ear = listen("", Map.of());
    assertThat(ear.heard).contains("event: hello");
    finished("a", JobEvent.Type.COMPLETED);
    assertThat(ear.heard).contains("event: job\ndata: {\"id\":\"a\"");
    front.leave(ear);
    finished("b", JobEvent.Type.COMPLETED);
    finished("c", JobEvent.Type.FAILED);
    Ear again = listen("", Map.of("last-event-id", ear.lastId()));
    assertThat(again.heard)
        .contains("\"id\":\"b\"", "\"id\":\"c\"")
        .doesNotContain("\"id\":\"a\"", "event: reset");
    Ear other = listen("", Map.of("last-event-id", "12345678-9"));
    assertThat(other.heard).contains("event: reset").doesNotContain("event: job");
  }

  @Test
  void oneJobCanBeListenedTo() {
    Ear ear = listen("?job=b", Map.of());
    finished("a", JobEvent.Type.COMPLETED);
    finished("b", JobEvent.Type.COMPLETED);
    assertThat(ear.heard).contains("\"id\":\"b\"").doesNotContain("\"id\":\"a\"");
  }

  @Test
  void whoWasAwayForTooLongReadsTheListAnew() {
    Ear ear = listen("", Map.of());
    String first = ear.lastId();
    front.leave(ear);
    for (int i = 0; i < EventStreams.REMEMBERED_MAX + 5; i++) {
      finished("j" + i, JobEvent.Type.COMPLETED);
    }
    assertThat(listen("", Map.of("last-event-id", first)).heard).contains("event: reset");
  }

  @Test
  void theSlowAreDroppedAndTheManyTurnedAway() {
    Ear slow = listen("", Map.of());
    slow.roomChars = slow.heard.length() + 10;
    finished("a", JobEvent.Type.COMPLETED);
    assertThat(slow.ended).isTrue();
    assertThat(streams.clients()).isZero();
    for (int i = 0; i < EventStreams.CLIENTS_MAX; i++) {
      listen("", Map.of());
    }
    Optional<Answer> refused = front.listen(call("GET", "/api/events", Map.of(), ""), new Ear());
    assertThat(refused.orElseThrow().status()).isEqualTo(503);
  }

  @Test
  void theOpenApiDocumentHasTheRoutesThatThereAre() {
    JsonObject document = json(get("/api/openapi.json"));
    TreeSet<String> described = new TreeSet<>();
    JsonObject paths = document.object("paths").orElseThrow();
    for (String path : paths.names()) {
      JsonObject item = paths.object(path).orElseThrow();
      for (String method : item.names()) {
        described.add(method.toUpperCase(java.util.Locale.ROOT) + " " + path);
        JsonObject responses = item.object(method).orElseThrow().object("responses").orElseThrow();
        assertThat(responses.names()).as(path).contains("401", "403");
      }
    }
    assertThat(described).containsExactlyInAnyOrderElementsOf(Front.ROUTES);
    for (String route : Front.ROUTES) {
      if (!route.endsWith("/events")) {
        String path = route.split(" ", 2)[1].replace("{id}", "a").replace("{name}", "x.png");
        Answer answer = front.answer(call(route.split(" ", 2)[0], path, Map.of(), "{}"));
        boolean generic =
            answer.status() == 404 && json(answer).requiredString("message").contains("/api lists");
        assertThat(generic && !route.contains("files")).as(route).isFalse();
      }
    }
  }
}
