package dev.mezzotint.observability;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.local.SharedStack;
import dev.mezzotint.worker.Connections;
import dev.mezzotint.worker.Endpoints;
import dev.mezzotint.worker.Site;
import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that overwrites whatever the condition says. */
class CarelessStoreTest {
  private HttpServer server;
  @TempDir private Path folder;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.getResponseHeaders().set("ETag", "\"abc\"");
          exchange.getResponseHeaders().set("Last-Modified", "Wed, 12 Oct 2009 17:50:00 GMT");
          exchange.sendResponseHeaders(
              exchange.getRequestMethod().equals("DELETE") ? 204 : 200, -1);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private Connections connections(String conditionalWrites) throws IOException {
    String endpoint = "http://127.0.0.1:" + server.getAddress().getPort();
    Map<String, String> configuration = new LinkedHashMap<>();
    configuration.put("kafka.bootstrap.servers", SharedStack.get().bootstrapServers());
    configuration.put("s3.endpoint", endpoint);
    configuration.put("s3.access-key", "a");
    configuration.put("s3.secret-key", "b");
    configuration.put("mezzotint.topics.prefix", "careless");
    configuration.put("mezzotint.data", folder.toString());
    configuration.put("mezzotint.conditional-writes", conditionalWrites);
    WorkerConfig settings = Site.settings(configuration);
    return new Connections(settings, Endpoints.open(settings));
  }

  @Test
  void isRefusedAndTheWayOutIsNamed() throws IOException {
    try (Connections connections = connections("required")) {
      assertThatThrownBy(connections::prepare)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("ignores If-None-Match or If-Match")
          .hasMessageContaining("MEZZOTINT_CONDITIONAL_WRITES=optional");
    }
  }

  @Test
  void acceptedRisk_allowsTheStore() throws IOException {
    try (Connections connections = connections("optional")) {
      assertThatCode(connections::prepare).doesNotThrowAnyException();
    }
  }
}
