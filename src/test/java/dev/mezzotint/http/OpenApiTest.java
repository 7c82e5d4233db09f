package dev.mezzotint.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.http.Http.Answer;
import dev.mezzotint.json.JsonObject;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(FrontTestProfile.class)
class OpenApiTest {
  /** All routes that the front has. */
  private static final List<String> ROUTES =
      List.of(
          "GET /api",
          "GET /api/openapi.json",
          "GET /api/jobs",
          "POST /api/jobs",
          "GET /api/jobs/{id}",
          "POST /api/jobs/{id}/cancel",
          "GET /api/jobs/{id}/results",
          "GET /api/jobs/{id}/preview",
          "GET /api/jobs/{id}/files/{name}",
          "PUT /api/uploads/{key}",
          "GET /api/jobs/{id}/request",
          "GET /api/jobs/{id}/archive",
          "GET /api/jobs/{id}/conditions/{name}",
          "GET /api/models",
          "GET /api/models/{reference}/samples",
          "GET /api/figures",
          "GET /api/events");

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
  void everyRouteIsDescribed() throws IOException {
    Answer answer = Http.get("/api/openapi.json");
    assertThat(answer.headers()).containsEntry("content-type", "application/json");
    JsonObject document = answer.json();
    assertThat(document.requiredString("openapi")).startsWith("3.1");
    JsonObject info = document.object("info").orElseThrow();
    assertThat(info.requiredString("title")).isEqualTo("Mezzotint");
    assertThat(info.requiredString("version")).isEqualTo("1");
    TreeSet<String> described = new TreeSet<>();
    TreeSet<String> operations = new TreeSet<>();
    JsonObject paths = document.object("paths").orElseThrow();
    for (String path : paths.names()) {
      JsonObject item = paths.object(path).orElseThrow();
      for (String method : item.names()) {
        described.add(method.toUpperCase(Locale.ROOT) + " " + path);
        JsonObject operation = item.object(method).orElseThrow();
        assertThat(operations.add(operation.requiredString("operationId"))).as(path).isTrue();
        assertThat(operation.requiredString("summary")).as(path).isNotBlank();
        JsonObject responses = operation.object("responses").orElseThrow();
        assertThat(responses.names()).as(path).contains("401", "403", "503");
        for (String status : responses.names()) {
          assertThat(responses.object(status).orElseThrow().requiredString("description"))
              .as(path + " " + status)
              .isNotBlank();
        }
        TreeSet<String> parameters = new TreeSet<>();
        for (JsonObject parameter : operation.objects("parameters", 9).orElse(List.of())) {
          assertThat(parameter.has("schema")).as(path).isTrue();
          if (parameter.requiredString("in").equals("path")) {
            parameters.add(parameter.requiredString("name"));
          }
        }
        TreeSet<String> inPath = new TreeSet<>();
        Matcher name = Pattern.compile("\\{([a-z]+)}").matcher(path);
        while (name.find()) {
          inPath.add(name.group(1));
        }
        assertThat(parameters).as(path).isEqualTo(inPath);
      }
    }
    assertThat(described).containsExactlyInAnyOrderElementsOf(ROUTES);
    assertThat(Http.get("/api").json().strings("routes", 99).orElseThrow())
        .containsExactlyInAnyOrderElementsOf(ROUTES);
    assertThat(Http.get("/q/openapi?format=json").json().toMap()).isEqualTo(document.toMap());
  }

  @Test
  void everyReferenceResolvesAndRequestsAreDescribedWhole() throws IOException {
    Answer answer = Http.get("/api/openapi.json");
    Map<String, Object> document = answer.json().toMap();
    Matcher reference =
        Pattern.compile("\"\\$ref\" ?: ?\"([^\"]+)\"").matcher(new String(answer.body()));
    int references = 0;
    while (reference.find()) {
      references++;
      Object found = document;
      assertThat(reference.group(1)).startsWith("#/");
      for (String part : reference.group(1).substring(2).split("/", -1)) {
        found = found instanceof Map<?, ?> map ? map.get(part) : null;
      }
      assertThat(found).as(reference.group(1)).isNotNull();
    }
    assertThat(references).isGreaterThan(100);
    JsonObject schemas =
        answer.json().object("components").orElseThrow().object("schemas").orElseThrow();
    for (String kind : List.of("generation", "training")) {
      JsonObject message =
          JsonObject.parse(
              Files.readAllBytes(
                  Path.of("src/main/resources/schema/" + kind + "-request.schema.json")));
      String name = kind.substring(0, 1).toUpperCase(Locale.ROOT) + kind.substring(1) + "Request";
      JsonObject described = schemas.object(name).orElseThrow();
      JsonObject properties = message.object("properties").orElseThrow();
      assertThat(described.object("properties").orElseThrow().names())
          .containsExactlyInAnyOrderElementsOf(properties.names());
      Map<String, Object> count = properties.object("id").orElseThrow().toMap();
      assertThat(described.object("properties").orElseThrow().object("id").orElseThrow().toMap())
          .isEqualTo(count);
      for (String keyword : List.of("dependentRequired", "additionalProperties", "description")) {
        assertThat(described.toMap().get(keyword))
            .as(keyword)
            .isEqualTo(message.toMap().get(keyword));
      }
    }
  }

  /** Examples are requests that this front takes. */
  @Test
  void examplesAreAccepted() throws IOException {
    JsonObject examples =
        Http.get("/api/openapi.json")
            .json()
            .object("paths")
            .flatMap(paths -> paths.object("/api/jobs"))
            .flatMap(path -> path.object("post"))
            .flatMap(post -> post.object("requestBody"))
            .flatMap(body -> body.object("content"))
            .flatMap(content -> content.object("application/json"))
            .flatMap(json -> json.object("examples"))
            .orElseThrow();
    assertThat(examples.names()).containsExactlyInAnyOrder("generation", "training");
    for (String name : examples.names()) {
      JsonObject value = examples.object(name).orElseThrow().object("value").orElseThrow();
      Answer answer =
          Http.post("/api/jobs", new String(dev.mezzotint.json.JsonText.write(value.toMap())));
      assertThat(answer.status()).as(new String(answer.body())).isEqualTo(202);
      assertThat(answer.json().requiredString("kind")).isEqualTo(name);
    }
  }

  @Test
  void documentationListsTheRoutes() throws IOException {
    TreeSet<String> described = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of("docs/http.md"))) {
      if (line.matches("\\| `(GET|POST|PUT) /api/.*")) {
        String route = line.split("`", 3)[1].split("\\?", 2)[0];
        described.add(
            route
                .replace("ID", "{id}")
                .replace("NAME", "{name}")
                .replace("KEY", "{key}")
                .replace("REFERENCE", "{reference}"));
      }
    }
    described.addAll(List.of("GET /api", "GET /api/openapi.json")); // named above the table
    assertThat(described).containsExactlyInAnyOrderElementsOf(ROUTES);
  }

  private static String path(String route) {
    return route
        .split(" ", 2)[1]
        .replace("{id}", "now")
        .replace("{name}", "x.png")
        .replace("{reference}", "faces@1")
        .replace("{key}", "a.png");
  }

  @Test
  void everyRouteIsAnsweredAndRequiresTheToken() throws IOException {
    front.store.put("jobs/now/x.png", new byte[3], "");
    front.board.requested(
        "generation",
        new dev.mezzotint.job.JobId("now"),
        JsonObject.parse("{\"id\":\"now\"}"),
        FakeFront.START);
    front.requests.put("now", "{\"id\":\"now\"}".getBytes(UTF_8));
    front.conditions.put("now//x.png", new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff});
    front.store.put(
        "jobs/now/manifest.json",
        "{\"state\":\"completed\",\"created\":\"2026-11-01T10:00:00Z\"}".getBytes(UTF_8),
        "");
    for (String route : ROUTES) {
      String method = route.split(" ", 2)[0];
      String path = path(route);
      if (!path.endsWith("/events")) {
        Answer answer =
            Http.call(method, path, Map.of(), method.equals("POST") ? "{\"model\":\"m\"}" : "");
        assertThat(answer.status()).as(route).isIn(200, 201, 202);
      }
      if (method.equals("GET")) {
        Answer head = Http.call("HEAD", path, Map.of(), "");
        assertThat(head.status()).as("HEAD " + path).isEqualTo(200);
        assertThat(head.body()).as("HEAD " + path).isEmpty();
      }
    }
    front.open(new HttpSettings(false, List.of("gpu.lan"), Optional.of(FakeFront.TOKEN)));
    for (String route : ROUTES) {
      String path = path(route);
      Answer answer =
          Http.call(
              route.split(" ", 2)[0],
              path,
              Map.of("host", "gpu.lan"),
              route.startsWith("POST") ? "{}" : "");
      assertThat(answer.status()).as(route).isEqualTo(401);
    }
  }
}
