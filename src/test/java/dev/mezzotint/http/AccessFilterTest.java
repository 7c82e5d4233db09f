package dev.mezzotint.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.http.Http.Answer;
import dev.mezzotint.json.JsonObject;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(FrontTestProfile.class)
class AccessFilterTest {
  private final FakeFront front = new FakeFront();

  @AfterEach
  void close() {
    front.close();
  }

  @Test
  void callsFromOtherSitesAndNamesAreRefused() throws IOException {
    front.open(HttpSettings.LOCAL);
    record Case(Map<String, String> headers, String method, int status) {}
    List<Case> cases =
        List.of(
            new Case(Map.of("host", "evil.example:8080"), "GET", 403),
            new Case(Map.of("host", "127.0.0.1.evil.example"), "GET", 403),
            new Case(Map.of("host", "192.168.1.7:8080"), "GET", 403),
            new Case(Map.of("host", "[::1]:8080"), "GET", 200),
            new Case(Map.of("host", "127.0.0.1"), "GET", 200),
            new Case(Map.of("origin", "http://evil.example"), "GET", 403),
            new Case(Map.of("origin", "http://evil.example"), "OPTIONS", 403),
            new Case(Map.of("origin", "null"), "POST", 403),
            new Case(Map.of("origin", "http://localhost:3000"), "POST", 403),
            new Case(Map.of("origin", "http://localhost:8080"), "POST", 202),
            new Case(Map.of("sec-fetch-site", "cross-site"), "GET", 403),
            new Case(Map.of("sec-fetch-site", "same-site"), "POST", 403),
            new Case(Map.of("content-type", "text/plain"), "POST", 415),
            new Case(Map.of("content-type", "application/x-www-form-urlencoded"), "POST", 415),
            new Case(Map.of("content-type", "application/json; charset=utf-8"), "POST", 202),
            new Case(Map.of("content-type", "application/json"), "PUT", 405),
            new Case(Map.of(), "DELETE", 405),
            new Case(Map.of(), "OPTIONS", 200),
            new Case(Map.of(), "TRACE", 405),
            new Case(Map.of("accept", "text/html,*/*;q=0.8"), "GET", 200));
    for (Case c : cases) {
      String body = c.method().equals("POST") ? "{\"model\":\"m\"}" : "";
      Answer answer = Http.call(c.method(), "/api/jobs", c.headers(), body);
      assertThat(answer.status()).as(c.toString()).isEqualTo(c.status());
      assertThat(answer.headers().get("content-security-policy")).contains("default-src 'none'");
      if (c.status() >= 400) {
        assertThat(answer.json().requiredString("message")).isNotBlank();
      }
    }
    assertThat(Http.call("GET", "/", Map.of("host", "evil.example"), "").status()).isEqualTo(403);
  }

  /** A proxy that does not pass on the Host replaces it by the address of this server. */
  @Test
  void callsThroughAProxyThatReplacesTheHost_areAnsweredUnderListedNames() throws IOException {
    front.open(new HttpSettings(true, List.of("gallery.example"), Optional.empty()));
    Map<String, String> own = Map.of("host", "127.0.0.1:8080", "origin", "https://Gallery.example");
    assertThat(Http.call("POST", "/api/jobs", own, "{\"model\":\"m\"}").status()).isEqualTo(202);
    for (String origin : List.of("https://evil.example", "https://gallery.example.evil", "null")) {
      Map<String, String> foreign = Map.of("host", "127.0.0.1:8080", "origin", origin);
      Answer refused = Http.call("POST", "/api/jobs", foreign, "{\"model\":\"m\"}");
      assertThat(refused.status()).as(origin).isEqualTo(403);
      assertThat(refused.json().requiredString("message"))
          .contains("127.0.0.1:8080", "pass on the Host", "MEZZOTINT_HTTP_NAMES");
    }
    Map<String, String> crossSite =
        Map.of("origin", "https://gallery.example", "sec-fetch-site", "cross-site");
    assertThat(Http.call("POST", "/api/jobs", crossSite, "{}").status()).isEqualTo(403);
    // Another port of the listed name is another origin.
    Map<String, String> otherPort =
        Map.of("host", "gallery.example", "origin", "https://gallery.example:3000");
    assertThat(Http.call("POST", "/api/jobs", otherPort, "{}").status()).isEqualTo(403);
  }

  @Test
  void addresses_beginWithThePathUnderWhichAProxyServesTheFront() throws IOException {
    front.open(HttpSettings.LOCAL);
    String request = "{\"id\":\"prefixed\",\"model\":\"m\"}";
    Map<String, String> proxied = Map.of("x-forwarded-prefix", "/mz/");
    Answer answer = Http.call("POST", "/api/jobs", proxied, request);
    assertThat(answer.headers()).containsEntry("location", "/mz/api/jobs/prefixed");
    JsonObject links = answer.json().object("links").orElseThrow();
    assertThat(links.requiredString("self")).isEqualTo("/mz/api/jobs/prefixed");
    assertThat(links.requiredString("events")).isEqualTo("/mz/api/events?job=prefixed");
    JsonObject job = Http.call("GET", "/api/jobs/prefixed", proxied, "").json();
    assertThat(job.object("links").orElseThrow().requiredString("results"))
        .isEqualTo("/mz/api/jobs/prefixed/results");
    for (String strange :
        List.of("//evil.example", "mz", "/<b>", "https://evil.example/", "/a//b")) {
      Map<String, String> headers = Map.of("x-forwarded-prefix", strange);
      JsonObject plain = Http.call("GET", "/api/jobs/prefixed", headers, "").json();
      assertThat(plain.object("links").orElseThrow().requiredString("self"))
          .as(strange)
          .isEqualTo("/api/jobs/prefixed");
    }
  }

  /** Under a path of a proxy, addresses from the root would lead to something else. */
  @Test
  void page_namesNothingByAnAddressFromTheRoot() throws IOException {
    front.open(HttpSettings.LOCAL);
    for (String path : List.of("/", "/page/page.css")) {
      assertThat(new String(Http.get(path).body(), StandardCharsets.UTF_8))
          .as(path)
          .isNotEmpty()
          .doesNotContainPattern("(src|href)=\"/|url\\(/");
    }
    String api = new String(Http.get("/page/api.js").body(), StandardCharsets.UTF_8);
    assertThat(api).contains("fetch(at(path)").doesNotContain("fetch('/", "fetch(path");
  }

  @Test
  void everyGet_hasAHead() throws IOException {
    front.open(HttpSettings.LOCAL);
    Http.post("/api/jobs", "{\"id\":\"head\",\"model\":\"m\"}");
    for (String path :
        List.of("/", "/api", "/api/jobs", "/api/jobs/head", "/api/models", "/api/openapi.json")) {
      Answer head = Http.call("HEAD", path, Map.of(), "");
      assertThat(head.status()).as(path).isEqualTo(200);
      assertThat(head.body()).as(path).isEmpty();
      assertThat(head.headers().get("content-type"))
          .as(path)
          .isEqualTo(Http.get(path).headers().get("content-type"));
    }
    assertThat(Http.call("HEAD", "/api/jobs/none", Map.of(), "").status()).isEqualTo(404);
  }

  @Test
  void tokenIsRequiredExceptForThePageItself() throws IOException {
    front.open(new HttpSettings(false, List.of("GPU.lan"), Optional.of(FakeFront.TOKEN)));
    Map<String, String> host = Map.of("host", "gpu.lan:8080");
    assertThat(Http.call("GET", "/", host, "").status()).isEqualTo(200);
    Answer refused = Http.call("GET", "/api/jobs", host, "");
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.headers()).containsEntry("www-authenticate", "Bearer");
    for (String wrong :
        List.of(
            "Bearer " + FakeFront.TOKEN + "x",
            "Bearer ",
            "Basic " + FakeFront.TOKEN,
            FakeFront.TOKEN)) {
      Map<String, String> headers = Map.of("host", "10.0.0.7", "authorization", wrong);
      assertThat(Http.call("GET", "/api/jobs", headers, "").status()).isEqualTo(401);
    }
    Map<String, String> right =
        Map.of("host", "gpu.lan", "authorization", "bearer " + FakeFront.TOKEN);
    assertThat(Http.call("GET", "/api/jobs", right, "").status()).isEqualTo(200);
    assertThat(Http.call("GET", "/api/events", host, "").status()).isEqualTo(401);
    assertThat(Http.call("GET", "/api/nothing", host, "").status()).isEqualTo(401);
  }

  @Test
  void undecodableAddressesAreRefused() throws IOException {
    front.open(HttpSettings.LOCAL);
    for (String path : List.of("/?a=%zz", "/api/jobs?limit=%zz", "/api/jobs/%zz", "/%zz")) {
      Answer answer = Http.get(path);
      assertThat(answer.status()).as(path).isEqualTo(400);
    }
  }

  @Test
  void frontIsUnavailableWhileTheWorkerStartsAndAbsentWhenOff() throws IOException {
    RunningFront running = Http.running();
    for (String path : List.of("/", "/page/page.js", "/api", "/api/jobs", "/api/events")) {
      Answer answer = Http.get(path);
      assertThat(answer.status()).as(path).isEqualTo(503);
      assertThat(answer.headers()).containsEntry("retry-after", "5");
      assertThat(answer.json().requiredString("message")).contains("starting");
    }
    running.turnOff();
    for (String path : List.of("/", "/page/page.js", "/api", "/api/jobs", "/api/events")) {
      assertThat(Http.get(path).status()).as(path).isEqualTo(404);
    }
  }

  @Test
  void pageIsRevalidatedByItsTag() throws IOException {
    front.open(HttpSettings.LOCAL);
    Answer page = Http.get("/page/page.js");
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.headers())
        .containsEntry("content-type", "text/javascript; charset=utf-8")
        .containsEntry("cache-control", "no-cache");
    Map<String, String> known = Map.of("if-none-match", page.headers().get("etag"));
    assertThat(Http.call("GET", "/page/page.js", known, "").status()).isEqualTo(304);
    for (String path : List.of("/", "/page/index.html", "/page/page.js", "/page/icon.svg")) {
      Answer head = Http.call("HEAD", path, Map.of(), "");
      assertThat(head.status()).as(path).isEqualTo(200);
      assertThat(head.body()).isEmpty();
    }
  }
}
