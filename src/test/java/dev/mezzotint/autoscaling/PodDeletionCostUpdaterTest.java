package dev.mezzotint.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.mezzotint.local.SecuredStack;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a small HTTPS server that answers as Kubernetes does, with a certificate of its own. */
class PodDeletionCostUpdaterTest {
  private static final Duration PERIOD = Duration.ofMillis(20);

  @TempDir Path folder;

  private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
  private final AtomicInteger status = new AtomicInteger(200);
  private final AtomicInteger runningJobs = new AtomicInteger();
  private HttpsServer server;

  @BeforeEach
  void startServer() throws Exception {
    Path keys = folder.resolve("keys.p12");
    SecuredStack.makeCertificate(keys, folder.resolve("ca.crt"));
    Files.writeString(folder.resolve("namespace"), "frames");
    Files.writeString(folder.resolve("token"), "first\n");
    KeyStore store = KeyStore.getInstance("PKCS12");
    char[] password = SecuredStack.STORE_PASSWORD.toCharArray();
    try (InputStream in = Files.newInputStream(keys)) {
      store.load(in, password);
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext(
        "/",
        call -> {
          String body =
              new String(call.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)
                  .replaceAll("\\s", "");
          requests.add(
              String.join(
                  " ",
                  call.getRequestMethod(),
                  call.getRequestURI().getPath(),
                  call.getRequestHeaders().getFirst("Content-Type"),
                  call.getRequestHeaders().getFirst("Authorization"),
                  body));
          byte[] pod = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}".getBytes(StandardCharsets.UTF_8);
          call.getResponseHeaders().add("Content-Type", "application/json");
          call.sendResponseHeaders(status.get(), pod.length);
          call.getResponseBody().write(pod);
          call.close();
        });
    server.start();
  }

  @AfterEach
  void stopServer() {
    server.stop(0);
  }

  private PodDeletionCostUpdater start() {
    URI address = URI.create("https://127.0.0.1:" + server.getAddress().getPort());
    return new PodDeletionCostUpdater(
        new PodConfig("worker-1", address, folder), runningJobs::get, PERIOD);
  }

  private String next() throws InterruptedException {
    return String.valueOf(requests.poll(20, TimeUnit.SECONDS));
  }

  private static String call(String token, String cost) {
    return "PATCH /api/v1/namespaces/frames/pods/worker-1 application/merge-patch+json Bearer "
        + token
        + " {\"metadata\":{\"annotations\":{\"controller.kubernetes.io/pod-deletion-cost\":\""
        + cost
        + "\"}}}";
  }

  @Test
  void update_patchesOwnPod_oncePerChange() throws Exception {
    PodDeletionCostUpdater cost = start();
    try {
      assertThat(next()).isEqualTo(call("first", "-1"));
      runningJobs.set(3);
      assertThat(next()).isEqualTo(call("first", "1"));
      runningJobs.set(2);
      Thread.sleep(10 * PERIOD.toMillis());
      assertThat(requests).isEmpty();
      Files.writeString(folder.resolve("token"), "renewed");
      runningJobs.set(0);
      assertThat(next()).isEqualTo(call("renewed", "-1"));
    } finally {
      cost.close();
    }
  }

  @Test
  void update_afterFailure_retries() throws IOException, InterruptedException {
    status.set(403);
    Files.delete(folder.resolve("namespace"));
    PodDeletionCostUpdater cost = start();
    try {
      Thread.sleep(5 * PERIOD.toMillis());
      assertThat(requests).isEmpty();
      Files.writeString(folder.resolve("namespace"), "frames");
      assertThat(next()).isEqualTo(call("first", "-1"));
      assertThat(next()).isEqualTo(call("first", "-1"));
      status.set(200);
      Thread.sleep(10 * PERIOD.toMillis());
      requests.clear();
      Thread.sleep(10 * PERIOD.toMillis());
      assertThat(requests).isEmpty();
    } finally {
      cost.close();
    }
  }
}
