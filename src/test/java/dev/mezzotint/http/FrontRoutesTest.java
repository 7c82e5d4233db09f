package dev.mezzotint.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The routes are those of their descriptions, and each asks for the token. */
class FrontRoutesTest {
  private final FrontWithoutBroker rest = new FrontWithoutBroker();

  @AfterEach
  void close() {
    rest.close();
  }

  @Test
  void theOpenApiDocumentHasTheRoutesThatThereAre() {
    JsonObject document = FrontWithoutBroker.json(rest.get("/api/openapi.json"));
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
    assertThat(described).containsExactlyInAnyOrderElementsOf(ApiRouter.ROUTES);
    for (String route : ApiRouter.ROUTES) {
      if (!route.endsWith("/events")) {
        String path = route.split(" ", 2)[1].replace("{id}", "a").replace("{name}", "x.png");
        HttpResponse answer =
            rest.front.answer(
                FrontWithoutBroker.call(route.split(" ", 2)[0], path, Map.of(), "{}"));
        boolean generic =
            answer.status() == 404
                && FrontWithoutBroker.json(answer).requiredString("message").contains("/api lists");
        assertThat(generic && !route.contains("files")).as(route).isFalse();
      }
    }
  }

  @Test
  void thePageOfTheFrontHasTheRoutesThatThereAre() throws IOException {
    TreeSet<String> described = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of("docs/http.md"))) {
      if (line.startsWith("| `GET /api/") || line.startsWith("| `POST /api/")) {
        String route = line.split("`", 3)[1].split("\\?", 2)[0];
        described.add(route.replace("ID", "{id}").replace("NAME", "{name}"));
      }
    }
    described.addAll(List.of("GET /api", "GET /api/openapi.json")); // named above the table
    assertThat(described).containsExactlyInAnyOrderElementsOf(ApiRouter.ROUTES);
  }

  @Test
  void everyRouteAsksForTheToken() {
    HttpSettings settings =
        new HttpSettings(false, List.of("gpu.lan"), Optional.of(FrontWithoutBroker.TOKEN));
    try (ApiRouter open = rest.front(settings)) {
      Map<String, String> host = Map.of("host", "gpu.lan");
      for (String route : ApiRouter.ROUTES) {
        String path = route.split(" ", 2)[1].replace("{id}", "now").replace("{name}", "x.png");
        HttpRequest call = FrontWithoutBroker.call(route.split(" ", 2)[0], path, host, "{}");
        assertThat(open.answer(call).status()).as(route).isEqualTo(401);
      }
    }
  }
}
