package dev.mezzotint.worker;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.local.SecuredStack;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.worker.Packaged.Answer;
import dev.mezzotint.worker.Packaged.Running;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The package behind an HTTP proxy that Java's properties name. {@code
 * -Dmezzotint.test.proxy=HOST:PORT} is a real one, which must find {@value #STORE} at 127.0.0.1.
 */
class ProxyIT {
  /** No DNS has such a name: only the proxy finds it. */
  private static final String STORE = "store.test";

  private static final int EXIT_SECONDS = 25;

  @TempDir Path folder;

  /** Forwards calls and tunnels to the port that they name, on this machine. */
  private static final class ForwardProxy implements AutoCloseable {
    final List<String> calls = new CopyOnWriteArrayList<>();
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

    ForwardProxy() throws IOException {
      Forwarder.begin(
          () -> {
            while (true) {
              Socket near = server.accept();
              Forwarder.begin(() -> serve(near));
            }
          });
    }

    private void serve(Socket near) throws IOException {
      InputStream in = near.getInputStream();
      byte[] head = head(in);
      String[] words = new String(head, US_ASCII).split(" ", 3);
      calls.add(words[0] + " " + words[1]);
      boolean tunnel = words[0].equals("CONNECT");
      URI target = URI.create(tunnel ? "tunnel://" + words[1] : words[1]);
      Socket far = new Socket(InetAddress.getLoopbackAddress(), target.getPort());
      if (tunnel) {
        near.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(US_ASCII));
      } else {
        far.getOutputStream().write(head);
      }
      Forwarder.begin(() -> Forwarder.copy(near, far));
      Forwarder.copy(far, near);
    }

    private static byte[] head(InputStream in) throws IOException {
      ByteArrayOutputStream head = new ByteArrayOutputStream();
      while (!head.toString(US_ASCII).endsWith("\r\n\r\n")) {
        int next = in.read();
        if (next < 0) {
          throw new IOException("the call has no end");
        }
        head.write(next);
      }
      return head.toByteArray();
    }

    String address() {
      return "127.0.0.1:" + server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  /** The last one takes this machine from the hosts that Java calls directly. */
  private static String properties(String proxy) {
    String[] address = proxy.split(":");
    return "-Dhttp.proxyHost=%1$s -Dhttp.proxyPort=%2$s -Dhttps.proxyHost=%1$s -Dhttps.proxyPort=%2$s -Dhttp.nonProxyHosts="
        .formatted(address[0], address[1]);
  }

  private static void end(Running worker) throws Exception {
    worker.process().destroy();
    assertThat(worker.ends(EXIT_SECONDS)).as(worker.said()).isTrue();
  }

  @Test
  void storeAndReceiversOfWebhooks_areReachedThroughTheProxy() throws Exception {
    List<String> webhooks = new CopyOnWriteArrayList<>();
    HttpServer receiver =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        call -> {
          webhooks.add(new String(call.getRequestBody().readAllBytes(), UTF_8));
          call.sendResponseHeaders(204, -1);
          call.close();
        });
    receiver.start();
    try (SecuredStack stack = new SecuredStack(Files.createDirectory(folder.resolve("stack")));
        Site site = new Site(folder, stack.open());
        ForwardProxy own = new ForwardProxy()) {
      String proxy = System.getProperty("mezzotint.test.proxy", own.address());
      Map<String, String> environment = new HashMap<>(site.environment());
      environment.put("JAVA_TOOL_OPTIONS", properties(proxy));
      environment.put("SSL_CERT_FILE", stack.certificate().toString());
      int port = URI.create(stack.securedStore()).getPort();
      environment.put("S3_ENDPOINT", "https://" + STORE + ":" + port);
      environment.put("MEZZOTINT_HTTP_PORT", "0");
      String hook = "127.0.0.1:" + receiver.getAddress().getPort();
      environment.put("MEZZOTINT_WEBHOOK_HOSTS", hook);
      environment.put(
          "MEZZOTINT_WEBHOOK_SECRET", "whsec_" + Base64.getEncoder().encodeToString(new byte[24]));
      Running worker = new Packaged(folder, environment).start("worker");
      try (Tail events = await(worker, site)) {
        site.send(
            "{\"id\":\"one\",\"model\":\"iadb_defaults\",\"steps\":2,\"webhook\":\"http://%s/end\"}"
                .formatted(hook));
        events.await("end", letter -> letter.is("completed", "one"));
        long limit = System.nanoTime() + 60_000_000_000L;
        while (webhooks.isEmpty() && System.nanoTime() < limit) {
          Thread.sleep(100);
        }
      } finally {
        end(worker);
      }
      assertThat(site.object(Keys.manifest("one"))).isNotEmpty();
      assertThat(webhooks).singleElement().asString().contains("\"jobId\":\"one\"");
      if (proxy.equals(own.address())) {
        assertThat(own.calls)
            .contains("CONNECT " + STORE + ":" + port, "POST http://" + hook + "/end");
      }
    } finally {
      receiver.stop(0);
    }
  }

  /** Once the worker has created its topics. */
  private static Tail await(Running worker, Site site) throws Exception {
    long limit = System.nanoTime() + 120_000_000_000L;
    while (!site.topicExists(site.topics().events())) {
      assertThat(worker.process().isAlive()).as(worker.said()).isTrue();
      assertThat(System.nanoTime()).as(worker.said()).isLessThan(limit);
      Thread.sleep(200);
    }
    return site.tail(site.topics().events());
  }

  @Test
  void nothingOnThisMachine_isReachedThroughTheProxy() throws Exception {
    String port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = Integer.toString(free.getLocalPort());
    }
    try (ForwardProxy proxy = new ForwardProxy()) {
      Site.copy(Site.TINY, folder.resolve("models").resolve("iadb_defaults"));
      Map<String, String> environment = new HashMap<>();
      environment.put("JAVA_TOOL_OPTIONS", properties(proxy.address()));
      environment.put("MEZZOTINT_MODELS", folder.resolve("models").toString());
      environment.put("MEZZOTINT_HTTP_PORT", port);
      Packaged packaged = new Packaged(folder, environment);
      Running worker = packaged.start("worker");
      try {
        long limit = System.nanoTime() + 120_000_000_000L;
        while (!worker.said().contains("Open http")) {
          assertThat(worker.process().isAlive()).as(worker.said()).isTrue();
          assertThat(System.nanoTime()).as(worker.said()).isLessThan(limit);
          Thread.sleep(200);
        }
        Path request =
            Files.writeString(
                folder.resolve("request.json"),
                "{\"id\":\"one\",\"model\":\"iadb_defaults\",\"steps\":2}");
        Answer answer = packaged.run("submit", request.toString());
        assertThat(answer.code()).as(answer.err()).isZero();
        answer = packaged.run("watch", "one");
        assertThat(answer.code()).as(answer.err()).isZero();
        assertThat(probe(environment).waitFor()).isZero();
      } finally {
        end(worker);
      }
      assertThat(proxy.calls).isEmpty();
    }
  }

  /** The health check of the image. */
  private static Process probe(Map<String, String> environment) throws IOException {
    ProcessBuilder probe =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            Packaged.FOLDER.resolve("app") + "/*",
            HealthProbe.class.getName());
    probe.environment().putAll(environment);
    return probe.inheritIO().start();
  }
}
